import { Datetime } from '../extension/datetime.ts';
import { CedarRecord, CedarSet, type Value } from '../value/value.ts';

/** The state of one limit as a policy sees it. */
export function limitState(used: bigint, max: bigint): CedarRecord {
  const remaining = used < max ? max - used : 0n;

  return record({ exhausted: remaining === 0n, remaining, used });
}

/** What a run was allowed so far. */
export interface RunState {
  readonly labels: Iterable<string>;
  readonly steps: bigint;
  /** By the ids of actions. */
  readonly actions: ReadonlyMap<string, RunActionState>;
}

export interface RunActionState {
  readonly count: bigint;
  /** Milliseconds since the epoch. */
  readonly last: number;
}

/** A run that has just begun. */
export const EMPTY_RUN: RunState = { labels: [], steps: 0n, actions: new Map() };

export function runFact({ labels, steps, actions }: RunState): CedarRecord {
  const byId = new Map<string, Value>();
  for (const [id, { count, last }] of actions) byId.set(id, record({ count, last: datetime(last) }));

  return record({ actions: new CedarRecord(byId), labels: new CedarSet([...labels]), steps });
}

/** Who approved exactly this request: the names of the approvers, when the last of them did, and how many they are. */
export function approvalFact(by: readonly string[], at: number): CedarRecord {
  return record({ at: datetime(at), by: new CedarSet([...by]), count: BigInt(by.length) });
}

/** Who opened the glass, for which ticket, and when it closes at the latest. */
export function breakGlassFact(by: readonly string[], ticket: string, until: number): CedarRecord {
  return record({ by: new CedarSet([...by]), ticket, until: datetime(until) });
}

function datetime(at: number): Datetime {
  return new Datetime(BigInt(at));
}

function record(members: Readonly<Record<string, Value>>): CedarRecord {
  return new CedarRecord(new Map(Object.entries(members)));
}
