import { jsonText } from '../../ledger/json.ts';
import type { DecisionEntry } from '../../ledger/record.ts';
import type { Log } from '../../telemetry/log.ts';
import { createThrottle } from '../../telemetry/throttle.ts';
import type { StoreEntities } from '../entities/store-entities.ts';
import type { Judgement, VerificationCase } from './messages.ts';

/** Has a share of the decisions judged again by Cedar, off the path that they are made on. */
export interface Verifier {
  /** Told of each decision once it is recorded. Returns at once and never throws; keeps nothing of those that are not sampled. */
  sample(entry: DecisionEntry, input: string, entities: StoreEntities): void;
  stats(): VerifierStats;
  /** Gives up what waits. */
  close(): void;
}

export interface VerifierStats {
  /** Decisions that were judged again, those that differed included. */
  readonly verified: number;
  /** Decisions that were sampled and not judged: too many were waiting, or judging failed. */
  readonly unverified: number;
  /** Decisions that Cedar judges otherwise, by store. */
  readonly differences: ReadonlyMap<string, number>;
}

/** A decision that was sampled: its record's two parts. */
export interface SampledDecision {
  readonly entry: DecisionEntry;
  readonly input: string;
}

interface Waiting extends SampledDecision {
  readonly entities: StoreEntities;
}

export interface VerifierOptions {
  /** Of the decisions by the compiled evaluator, from 0 to 1. */
  readonly share: number;
  /** Judges one; never rejects. Called again only after it has answered. */
  readonly judge: (one: VerificationCase, entities: StoreEntities) => Promise<Judgement>;
  readonly onDifference: (sampled: SampledDecision, verdicts: { served: string; cedar: string }) => void;
  readonly log: Log;
}

/** More than wait for the load of a large bundle at the usual share. */
const MAX_WAITING = 64;
/** Characters of inputs that wait; a single one may be as long as a request. */
const MAX_WAITING_INPUT = 4 * 1024 * 1024;
const LOG_EVERY_MS = 60_000;

export function createVerifier({ share, judge, onDifference, log }: VerifierOptions): Verifier {
  const waiting: Waiting[] = [];
  const differences = new Map<string, number>();
  const failures = createThrottle(LOG_EVERY_MS);
  let waitingInput = 0;
  let judging = false;
  let closed = false;
  let verified = 0;
  let unverified = 0;

  return {
    sample(entry, input, entities) {
      // Below 1 always, so that a share of 1 is all of them, and of 0 none.
      if (Math.random() >= share || entry.evaluator.name !== 'compiled' || closed) return;
      if (waiting.length === MAX_WAITING || waitingInput + input.length > MAX_WAITING_INPUT) {
        unverified += 1;
        return;
      }

      waiting.push({ entry, input, entities });
      waitingInput += input.length;
      if (judging) return;
      judging = true;
      setImmediate(() => void judgeWaiting());
    },

    stats: () => ({ verified, unverified, differences }),

    close() {
      closed = true;
      waiting.length = 0;
    },
  };

  async function judgeWaiting(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      waitingInput -= next.input.length;
      try {
        settle(next, await judge(caseOf(next), next.entities));
      } catch (error) {
        // Nobody waits for this, so it would end the process.
        log.error({ err: error }, 'a sampled decision could not be dealt with');
      }
    }
    judging = false;
  }

  function settle({ entry, input }: SampledDecision, judgement: Judgement): void {
    if (closed) return;
    if (judgement.kind === 'failed') {
      unverified += 1;
      const { problem } = judgement;
      failures((since_last) => log.warn({ problem, since_last }, 'a sampled decision was not verified'));
      return;
    }

    verified += 1;
    if (judgement.kind === 'equal') return;
    const { store } = entry;
    differences.set(store, (differences.get(store) ?? 0) + 1);
    onDifference({ entry, input }, judgement);
  }
}

/** What a record says of its decision, as the thread is told it. */
export function caseOf({ entry, input }: SampledDecision): VerificationCase {
  return {
    digest: entry.bundle.digest,
    input,
    facts: jsonText(entry.facts),
    served: {
      decision: entry.cedar_decision,
      determining: entry.determining,
      failing: entry.policy_errors.map(({ policy_id }) => policy_id),
    },
  };
}
