import { PdpError } from '../engine/error.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Config } from './config/config.ts';
import type { Replica } from './replica.ts';

type StalenessConfig = Pick<Config, 'PALISADE_MAX_STALENESS'>;

/** @throws PdpError `unavailable` once PostgreSQL has not confirmed the policy state for longer than is configured. */
export function refuseStale(replica: Replica, config: StalenessConfig): void {
  if (replica.ageMs() <= config.PALISADE_MAX_STALENESS) return;

  throw new PdpError('unavailable', 'the policy state is older than this server may decide by');
}

/** Why no load balancer should send calls here; empty: it should. PostgreSQL being away is no reason while state is fresh. */
export function unreadiness(replica: Replica, ledger: Ledger, config: StalenessConfig): readonly string[] {
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

  return reasons;
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
