import { PdpError } from '../../engine/error.ts';
import { LIMITS } from '../../engine/limits.ts';
import type { Database } from '../database.ts';
import { findKey, type IdempotencyKey, type KeptKey, keepReply, releaseKeys } from '../idempotency/keys.ts';
import { type RunState, readRuns, type WantedRun } from '../runs/read-runs.ts';
import { isOnlyCounted, type Settlement, type SettlementAnswer, settleDecision } from '../settlement.ts';
import {
  type CountedDecision,
  consumeLimits,
  type LimitCount,
  readLimits,
  recordUses,
  releaseUses,
} from './uses.ts';

/**
 * Settles decisions in PostgreSQL. Those that limits alone count go many at a time: what waits while one statement runs makes up the
 * next one.
 */
export interface LimitCounting {
  /**
   * Takes all that an allow takes, or nothing, and says why.
   * @throws PdpError `unavailable` where it is not known what was taken, or the store does not know a limit; `overloaded` where too
   * many wait.
   */
  settle(decision: Timed<Settlement>): Promise<SettlementAnswer>;
  /** What is used of the limits of a decision, without counting it. @throws PdpError `unavailable`, `overloaded`. */
  read(decision: Timed<Pick<CountedDecision, 'uses'>>): Promise<readonly LimitCount[]>;
  /** A run; `undefined` where there is no such one. @throws PdpError `unavailable`, `overloaded`. */
  readRun(wanted: Timed<WantedRun>): Promise<RunState | undefined>;
  /** What stands under a key. @throws PdpError `unavailable`, `overloaded`. */
  findKey(wanted: Timed<IdempotencyKey>): Promise<KeptKey | undefined>;
  /** Keeps the reply of a decision that has a key and is recorded; what cannot be kept is lost. Never rejects. */
  keepReply(decisionId: string, reply: string): Promise<void>;
  /** Takes note, in its time, that the decision's record is durable. A note that is lost is found by the sweep. */
  recorded(decisionId: string): void;
  /** Gives back what a decision used that was not made, and its key, as soon as it can; what cannot be given back stays counted. */
  release(decisionId: string): void;
  /** Resolves once all notes and returns were tried. */
  settled(): Promise<void>;
}

/** What is not worth sending any more after a moment on the clock of `performance.now()`, in milliseconds. */
export type Timed<Item> = Item & { readonly deadline: number };

export interface CountingOptions {
  readonly database: Database;
  /** Told of notes and returns that PostgreSQL did not take. */
  readonly onLost: (error: unknown) => void;
}

/** Statements at a time: while one waits for its commit or for a counter that others use, another can do its work. */
const LANES = 4;
/** Bounds what one commit holds locked. */
const GROUP = 100;
/** How long notes gather, in milliseconds: nobody waits for them. */
const NOTE_MS = 100;

export function createLimitCounting({ database, onLost }: CountingOptions): LimitCounting {
  let inFlight = 0;
  const lanes = { free: LANES, waiting: [] as (() => void)[] };
  const consuming = createGroup(lanes, GROUP, (decisions: readonly Timed<CountedDecision>[]) =>
    consumeLimits(database, decisions),
  );
  const settling = createGroup(lanes, 1, (decisions: readonly Timed<Settlement>[]) =>
    Promise.all(decisions.map(({ deadline: _, ...decision }) => settleDecision(database, decision))),
  );
  const reading = createGroup(lanes, GROUP, (decisions: readonly Timed<Pick<CountedDecision, 'uses'>>[]) =>
    readLimits(database, decisions),
  );
  const readingRuns = createGroup(lanes, GROUP, async (wanted: readonly Timed<WantedRun>[]) =>
    (await readRuns(database, wanted)).map((run) => ({ run })),
  );
  const findingKeys = createGroup(lanes, 1, (wanted: readonly Timed<IdempotencyKey>[]) =>
    Promise.all(wanted.map(async (key) => ({ kept: await findKey(database, key, LIMITS.idempotency_ms) }))),
  );
  const keepingReplies = createGroup(
    lanes,
    1,
    (replies: readonly Timed<{ decisionId: string; reply: string }>[]) =>
      Promise.all(replies.map(({ decisionId, reply }) => keepReply(database, decisionId, reply))),
  );
  const recording = createNotes((ids) => recordUses(database, ids), onLost);
  const releasing = createNotes(async (ids) => {
    await releaseUses(database, ids);
    await releaseKeys(database, ids);
  }, onLost);

  return {
    settle: (decision) => bounded(() => (isOnlyCounted(decision) ? count(decision) : settleWhole(decision))),
    read: (decision) => bounded(() => reading(decision)),
    readRun: async (wanted) => (await bounded(() => readingRuns(wanted))).run,
    findKey: async (wanted) => (await bounded(() => findingKeys(wanted))).kept,

    // The decision is made, so this is not bound by the deadline of its call.
    keepReply: (decisionId, reply) =>
      keepingReplies({ decisionId, reply, deadline: performance.now() + LIMITS.deadline_ms }).catch(onLost),

    recorded: recording.add,
    release: releasing.add,

    async settled() {
      await Promise.all([recording.settled(), releasing.settled()]);
    },
  };

  async function count(decision: Timed<Settlement>): Promise<SettlementAnswer | undefined> {
    const answer = await consuming(decision);

    return answer && { outcome: answer.consumed ? 'settled' : 'over_limit', counts: answer.counts };
  }

  async function settleWhole(decision: Timed<Settlement>): Promise<SettlementAnswer | undefined> {
    const answer = await settling(decision);

    return answer.outcome === 'limit_unknown' ? undefined : answer;
  }

  /** While PostgreSQL hangs, what waits for it must not keep out what does not. */
  async function bounded<Answer>(ask: () => Promise<Answer | undefined>): Promise<Answer> {
    if (inFlight >= LIMITS.counted_in_flight) {
      throw new PdpError('overloaded', 'too many decisions wait to be counted; try again later', {
        limit: { name: 'counted_in_flight', max: LIMITS.counted_in_flight },
      });
    }
    inFlight += 1;
    try {
      return known(await ask());
    } finally {
      inFlight -= 1;
    }
  }
}

function late(): PdpError {
  return new PdpError('unavailable', 'limits could not be looked at within the deadline');
}

function known<Answer>(answer: Answer | undefined): Answer {
  if (answer === undefined)
    throw new PdpError('unavailable', 'the store does not know a limit of this bundle');

  return answer;
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** Gathers what one turn of the event loop asks, and what is asked while no lane is free. */
function createGroup<Item extends Timed<object>, Answer>(
  lanes: { free: number; waiting: (() => void)[] },
  size: number,
  run: (items: readonly Item[]) => Promise<readonly Answer[]>,
): (item: Item) => Promise<Answer> {
  const waiting: Waiting<Item, Answer>[] = [];
  let isScheduled = false;

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (isScheduled) return;
      isScheduled = true;
      setImmediate(start);
    });

  function start(): void {
    isScheduled = false;
    while (waiting.length > 0 && lanes.free > 0) {
      lanes.free -= 1;
      void settle(waiting.splice(0, size)).finally(next);
    }
    if (waiting.length > 0 && !lanes.waiting.includes(start)) lanes.waiting.push(start);
  }

  function next(): void {
    lanes.free += 1;
    lanes.waiting.shift()?.();
  }

  async function settle(taken: readonly Waiting<Item, Answer>[]): Promise<void> {
    const now = performance.now();
    const group = taken.filter(({ item }) => item.deadline > now);
    for (const { item, reject } of taken) if (item.deadline <= now) reject(late());
    if (group.length === 0) return;

    try {
      const answers = await run(group.map(({ item }) => item));
      group.forEach(({ resolve }, index) => {
        resolve(answers[index] as Answer);
      });
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }
}

interface Notes {
  add(decisionId: string): void;
  settled(): Promise<void>;
}

/** Tells PostgreSQL of decisions together, after a moment. */
function createNotes(
  run: (decisionIds: readonly string[]) => Promise<void>,
  onLost: (error: unknown) => void,
): Notes {
  let gathered: string[] = [];
  let running: Promise<void> | undefined;

  return {
    add(decisionId) {
      gathered.push(decisionId);
      running ??= send();
    },

    async settled() {
      await running;
    },
  };

  async function send(): Promise<void> {
    while (gathered.length > 0) {
      await new Promise((resolve) => {
        setTimeout(resolve, NOTE_MS);
      });
      const ids = gathered;
      gathered = [];
      await run(ids).catch(onLost);
    }
    running = undefined;
  }
}
