import { PdpError } from '../engine/error.ts';
import type { CanaryLimits, DeploymentChange, Monitor } from './deployment-change.ts';

/** A candidate that decides for a share of the runs. */
export interface Canary {
  readonly digest: string;
  /** From 1 to 100. */
  readonly percent: number;
  /** What is kept together: the run, or the principal also where there is a run. */
  readonly by: 'run' | 'principal';
  /** The sequence at which it began. */
  readonly since: bigint;
  readonly limits: CanaryLimits;
  /** Why it may neither be promoted nor raised; `null`: it may. */
  readonly frozen: string | null;
}

/** A candidate that is evaluated beside the active bundle, without effect. */
export interface Shadow {
  readonly digest: string;
  /** The sequence at which it began. */
  readonly since: bigint;
}

/** All that a store runs at one sequence. */
export interface DeploymentState {
  /** Of the active bundle. */
  readonly digest: string;
  /** The sequence that first made it active: a rollback goes on from there. */
  readonly origin: bigint;
  readonly canary: Canary | null;
  readonly shadow: Shadow | null;
  readonly monitor: Monitor | null;
}

/** What was done, as the history tells it. */
export type DeploymentAction = DeploymentChange['action'];

/** The active bundle of an earlier sequence. */
export interface RollbackTarget {
  readonly digest: string;
  readonly origin: bigint;
}

export interface Next {
  readonly action: DeploymentAction;
  readonly state: DeploymentState;
}

/**
 * Works out what a store runs after a change.
 * @param current absent before the first deployment.
 * @param target where a rollback of the active bundle leads; absent where it leads nowhere.
 * @throws PdpError `precondition_failed`: the change does not fit what runs; `conflict`: the canary is frozen, or another one runs.
 */
export function nextDeployment(
  current: DeploymentState | undefined,
  change: DeploymentChange,
  sequence: bigint,
  target: RollbackTarget | undefined,
): Next {
  const { action } = change;
  if (action === 'activate') return { action, state: activated(current, change.digest, sequence) };
  if (current === undefined) throw unfit('nothing is active in this store yet: activate a bundle first');

  switch (action) {
    case 'canary':
      return { action, state: { ...current, canary: nextCanary(current, change, sequence) } };
    case 'shadow':
      return { action, state: { ...current, shadow: nextShadow(current, change.digest, sequence) } };
    case 'monitor':
      return { action, state: { ...current, monitor: change.monitor } };
    case 'promote':
      return { action, state: promoted(current, change.accept_flips, sequence) };
    case 'rollback':
      return change.to === undefined && current.canary !== null
        ? { action: 'end_canary', state: { ...current, canary: null } }
        : { action, state: wentBack(current, target, change.to) };
    case 'end_canary':
      canarySince(current, change.since);
      return { action, state: { ...current, canary: null } };
    case 'freeze': {
      const canary = canarySince(current, change.since);
      if (canary.frozen !== null) throw unfit('the canary is frozen already');

      return { action, state: { ...current, canary: { ...canary, frozen: change.why } } };
    }
  }
}

function activated(current: DeploymentState | undefined, digest: string, sequence: bigint): DeploymentState {
  return {
    digest,
    origin: sequence,
    canary: null,
    shadow: withoutActive(current?.shadow, digest),
    monitor: current?.monitor ?? null,
  };
}

function nextCanary(
  { digest: active, canary }: DeploymentState,
  change: Extract<DeploymentChange, { action: 'canary' }>,
  sequence: bigint,
): Canary {
  const { limits, accept_flips: acceptFlips } = change;
  const digest = change.digest ?? canary?.digest;
  const percent = Number(change.percent);
  if (digest === undefined) throw unfit('no canary runs: name the bundle that it is to be', 'digest');
  if (digest === active) throw unfit('this bundle is the active one already', 'digest');

  if (canary === null) {
    return {
      digest,
      percent,
      by: change.by ?? 'run',
      since: sequence,
      limits: limits ?? { min_sample: 200n },
      frozen: null,
    };
  }
  if (digest !== canary.digest) {
    throw new PdpError('conflict', `the canary ${canary.digest} runs: promote it or roll it back first`, {
      field: 'digest',
    });
  }
  if (change.by !== undefined && change.by !== canary.by) {
    throw unfit('what a canary keeps together stays while it runs: roll it back first', 'by');
  }
  if (percent > canary.percent) refuseFrozen(canary, acceptFlips);

  const kept = limits ?? canary.limits;

  return acceptFlips
    ? { ...canary, percent, limits: withoutFlipLimit(kept), frozen: null }
    : { ...canary, percent, limits: kept };
}

function nextShadow(current: DeploymentState, digest: string | null, sequence: bigint): Shadow | null {
  if (digest === null && current.shadow === null) throw unfit('no shadow runs');
  if (digest === null) return null;
  if (digest === current.digest) throw unfit('this bundle is the active one already', 'digest');

  return digest === current.shadow?.digest ? current.shadow : { digest, since: sequence };
}

function promoted(current: DeploymentState, acceptFlips: boolean, sequence: bigint): DeploymentState {
  const { canary } = current;
  if (canary === null) throw unfit('no canary runs that could be promoted');
  refuseFrozen(canary, acceptFlips);

  return activated(current, canary.digest, sequence);
}

function wentBack(
  current: DeploymentState,
  target: RollbackTarget | undefined,
  to: bigint | undefined,
): DeploymentState {
  if (target === undefined) {
    throw to === undefined
      ? unfit('no other bundle was active before this one')
      : unfit(`this store had no sequence ${to} before`, 'to');
  }
  const { digest, origin } = target;

  return { ...current, digest, origin, canary: null, shadow: withoutActive(current.shadow, digest) };
}

function withoutActive(shadow: Shadow | null | undefined, active: string): Shadow | null {
  return shadow === undefined || shadow?.digest === active ? null : shadow;
}

function refuseFrozen({ frozen }: Canary, acceptFlips: boolean): void {
  if (frozen === null || acceptFlips) return;

  throw new PdpError(
    'conflict',
    `the canary is frozen: ${frozen}. Look at what differs; then say that you accept it (accept_flips), or roll it back`,
    { field: 'accept_flips' },
  );
}

function withoutFlipLimit({ max_flip_rate: _, ...limits }: CanaryLimits): CanaryLimits {
  return limits;
}

function canarySince({ canary }: DeploymentState, since: bigint): Canary {
  if (canary?.since === since) return canary;

  throw unfit(`the canary that began at sequence ${since} runs no more`);
}

function unfit(message: string, field?: string): PdpError {
  return new PdpError('precondition_failed', message, field === undefined ? {} : { field });
}
