import type { EvaluatorName } from '../../engine/evaluator.ts';
import { jsonText } from '../../ledger/json.ts';
import type { DecisionEntry } from '../../ledger/record.ts';
import type { Trial } from '../../store/candidate-figures.ts';
import type { Log } from '../../telemetry/log.ts';
import { createThrottle } from '../../telemetry/throttle.ts';
import type { StoreEntities } from '../entities/store-entities.ts';
import type { Selected } from '../select.ts';
import type { Staged } from '../snapshot.ts';
import type { Failed } from '../verify/messages.ts';
import type { Comparison, ComparisonCase, Side } from './messages.ts';
import { createTally, type Tally } from './tally.ts';

/** Holds the candidates of stores against their active bundles, off the path that decisions are made on. */
export interface Trials {
  /** Told of each recorded decision of a store that has something staged. Returns at once and never throws. */
  decided(selected: Selected, entry: DecisionEntry, input: string): void;
  /**
   * Told of a request in which a canary failed.
   * @param decideByActive judges the same request by the active bundle: where that fails too, the request is at fault.
   */
  failed(selected: Selected, store: string, decideByActive: () => ActiveDecision): void;
  /** What was counted so far, of each candidate: of one store and role the newest. */
  tallies(): readonly Tally[];
  /** Forgets the candidates that run no more. */
  keep(trials: readonly Trial[]): void;
  /** Gives up what waits. */
  close(): void;
}

interface ActiveDecision {
  readonly evaluation: { readonly errors: readonly unknown[] };
}

/** A decision on which a candidate differs. */
export interface Flip {
  readonly entry: DecisionEntry;
  readonly role: Trial['role'];
  readonly active: Side;
  readonly candidate: Side;
}

export interface TrialsOptions {
  readonly evaluator: EvaluatorName;
  /** Judges one; never rejects. Called again only after it has answered. */
  readonly judge: (one: ComparisonCase, entities: StoreEntities) => Promise<Comparison | Failed>;
  readonly onFlip: (flip: Flip) => void;
  readonly log: Log;
}

interface Waiting {
  readonly tally: Tally;
  readonly entry: DecisionEntry;
  readonly input: string;
  readonly entities: StoreEntities;
  readonly one: ComparisonCase;
}

/** More than come while a bundle of usual size loads. */
const MAX_WAITING = 1_024;
/** Characters of inputs that wait; a single one may be as long as a request. */
const MAX_WAITING_INPUT = 8 * 1024 * 1024;
const LOG_EVERY_MS = 60_000;

export function createTrials({ evaluator, judge, onFlip, log }: TrialsOptions): Trials {
  const tallies = new Map<string, Tally>();
  const waiting: Waiting[] = [];
  const failures = createThrottle(LOG_EVERY_MS);
  let waitingInput = 0;
  let judging = false;
  let closed = false;

  return {
    decided({ arm, active, staged, entities }, entry, input) {
      if (closed || staged === undefined) return;
      const { store } = entry;
      for (const { trial, digest } of candidatesOf(store, staged)) {
        const tally = tallyOf(trial);
        if (trial.role === 'canary' && arm === 'canary') tally.served(false);
        const at = Date.parse(entry.time);
        const facts = factsIn(entry);
        const one = { active: active.ref.digest, candidate: digest, evaluator, input, at, facts };
        enqueue({ tally, entry, input, entities, one });
      }
    },

    failed({ staged }, store, decideByActive) {
      const [canary] = staged === undefined ? [] : candidatesOf(store, staged);
      if (closed || canary?.trial.role !== 'canary') return;
      try {
        if (decideByActive().evaluation.errors.length > 0) return;
      } catch {
        return;
      }
      tallyOf(canary.trial).served(true);
    },

    tallies: () => [
      ...new Map(
        [...tallies.values()].map((tally) => [`${tally.trial.store} ${tally.trial.role}`, tally]),
      ).values(),
    ],

    keep(trials) {
      const kept = new Set(trials.map(keyOf));
      for (const key of tallies.keys()) if (!kept.has(key)) tallies.delete(key);
    },

    close() {
      closed = true;
      waiting.length = 0;
    },
  };

  function tallyOf(trial: Trial): Tally {
    const key = keyOf(trial);
    const known = tallies.get(key) ?? createTally(trial);
    tallies.set(key, known);

    return known;
  }

  function enqueue(next: Waiting): void {
    if (waiting.length >= MAX_WAITING || waitingInput + next.input.length > MAX_WAITING_INPUT) {
      next.tally.dropped();
      return;
    }

    waiting.push(next);
    waitingInput += next.input.length;
    if (judging) return;
    judging = true;
    setImmediate(() => void judgeWaiting());
  }

  async function judgeWaiting(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      waitingInput -= next.input.length;
      try {
        settle(next, await judge(next.one, next.entities));
      } catch (error) {
        // Nobody waits for this, so it would end the process.
        log.error({ err: error }, 'a compared decision could not be dealt with');
      }
    }
    waitingInput = 0;
    judging = false;
  }

  function settle({ tally, entry }: Waiting, comparison: Comparison | Failed): void {
    if (closed) return;
    if (comparison.kind === 'failed') {
      tally.dropped();
      const { problem } = comparison;
      failures((since_last) =>
        log.warn({ problem, since_last }, 'a decision was not compared with a candidate'),
      );
      return;
    }
    const { active, candidate } = comparison;
    if (tally.compared(comparison)) onFlip({ entry, role: tally.trial.role, active, candidate });
  }
}

function factsIn({ facts: { now: _, ...others } }: DecisionEntry): string | undefined {
  return Object.keys(others).length === 0 ? undefined : jsonText(others);
}

/** The candidates of a store; a canary comes first. */
export function candidatesOf(
  store: string,
  { canary, shadow }: Staged,
): readonly { readonly trial: Trial; readonly digest: string }[] {
  const found: { trial: Trial; digest: string }[] = [];
  if (canary !== undefined) {
    found.push({ trial: { store, role: 'canary', since: canary.since }, digest: canary.bundle.ref.digest });
  }
  if (shadow !== undefined) {
    found.push({ trial: { store, role: 'shadow', since: shadow.since }, digest: shadow.digest });
  }

  return found;
}

function keyOf({ store, role, since }: Trial): string {
  return `${store} ${role} ${since}`;
}
