import { PdpError } from '../engine/error.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Config } from './config/config.ts';
import type { Refusal } from './follow.ts';
import type { Replica } from './replica.ts';

type StalenessConfig = Pick<Config, 'PALISADE_MAX_STALENESS'>;

/** @throws PdpError `unavailable` once PostgreSQL has not confirmed the policy state for longer than is configured. */
export function refuseStale(replica: Replica, config: StalenessConfig): void {
  if (replica.ageMs() <= config.PALISADE_MAX_STALENESS) return;

  throw new PdpError('unavailable', 'the policy state is older than this server may decide by');
}

/** Why no load balancer should send calls here; empty: it should. PostgreSQL being away is no reason while state is fresh. */
export function unreadiness(
  replica: Replica,
  ledger: Ledger,
  config: StalenessConfig,
  refusal?: Refusal,
): readonly string[] {
  const reasons: string[] = [];
  if (replica.ageMs() > config.PALISADE_MAX_STALENESS) reasons.push('the policy state is stale');
  const failures = replica.lags().filter(({ failed }) => failed);
  if (failures.some(({ unsigned }) => unsigned !== true))
    reasons.push('a deployed bundle does not load here');
  if (failures.some(({ unsigned }) => unsigned === true)) {
    reasons.push('a deployed bundle is not signed as its store requires');
  }
  if (![...replica.snapshot().stores.values()].some(({ bundle }) => bundle !== undefined)) {
    reasons.push('no bundle is deployed');
  }
  if (!hasRoom(ledger)) reasons.push('the spool is full');
  if (refusal?.unready === true) reasons.push(refusal.reason);

  return reasons;
}

/** Longer than a poll that is retried takes, and than a failover of a good day. */
const WARN_MS = 10_000;

/** What somebody should know of a process that decides all the same; empty: nothing. */
export function staleness(replica: Replica, refusal: Refusal | undefined): readonly string[] {
  const ageMs = replica.ageMs();
  const restored = replica.restored()
    ? ['stale: this process decides by its snapshot, and PostgreSQL has not confirmed it since the start']
    : [];
  const aged =
    ageMs > WARN_MS
      ? [
          Number.isFinite(ageMs)
            ? `PostgreSQL last confirmed the policy state ${Math.floor(ageMs / 1_000)} s ago`
            : 'PostgreSQL has not confirmed the policy state',
        ]
      : [];

  return [...restored, ...aged, ...(refusal === undefined ? [] : [refusal.reason])];
}

/** A typical record's size; a spool without room for it refuses decisions. */
const RECORD_BYTES = 16_384;

function hasRoom(ledger: Ledger): boolean {
  try {
    ledger.reserve(RECORD_BYTES).release();

    return true;
  } catch {
    return false;
  }
}
