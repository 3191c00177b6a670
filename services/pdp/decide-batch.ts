import { PdpError } from '../engine/error.ts';
import { authorize, type DecisionPath, type Outcome } from './authorize.ts';
import { createLane } from './lane.ts';
import { recordError } from './record-error.ts';
import type { Snapshot } from './snapshot.ts';
import { nextTurn } from './turns.ts';
import type { AuthorizeCall, Batch, CallScope } from './types.ts';

export interface BatchOptions {
  readonly path: DecisionPath;
  readonly snapshot: () => Snapshot;
  /** Waits until the stores have reached what calls must see; absent where they have. */
  readonly reached: (
    calls: readonly (AuthorizeCall | PdpError)[],
    scope: CallScope,
  ) => Promise<void> | undefined;
}

/** How long a batch may hold the event loop before it lets other calls in, in milliseconds. */
const SLICE_MS = 5;

/**
 * How long a batch may go on before it lets other batches in, in milliseconds. Long enough for most to end within: batches that
 * took turns all the time would all end at once, and their clients, and then this server, would wait for each other.
 */
const TURN_MS = 25;

/**
 * Decides batches, one at a time: in order, on one snapshot each. A batch is read when its turn has come, since what requests are read
 * into takes many times their bytes, and all that waited long enough would become old garbage.
 * @returns as many outcomes as requests, once each is recorded.
 */
export function createBatchDecider({ path, snapshot, reached }: BatchOptions) {
  const lane = createLane();

  return async (batch: Batch, scope: CallScope): Promise<readonly Outcome[]> => {
    const outcomes = new Array<Outcome>(batch.size);
    const all = Promise.withResolvers<void>();
    // The loop over them is open too, so that no item settles the batch before the last one is decided.
    let open = 1;
    const close = (): void => {
      open -= 1;
      if (open === 0) all.resolve();
    };

    await lane.enter();
    try {
      await decideInTurns(await read(batch, scope), scope, (index) => {
        open += 1;

        return (outcome) => {
          outcomes[index] = outcome;
          close();
        };
      });
    } finally {
      lane.leave();
    }
    close();
    await all.promise;

    return outcomes;
  };

  async function read(batch: Batch, scope: CallScope): Promise<(AuthorizeCall | PdpError)[]> {
    const calls = await batch.read();
    const waiting = reached(calls, scope);
    if (waiting !== undefined) await letOthersIn(waiting);

    return calls;
  }

  /** @param calls emptied as they are decided, so that none of them is kept until the last one is recorded. */
  async function decideInTurns(
    calls: (AuthorizeCall | PdpError)[],
    scope: CallScope,
    begin: (index: number) => (outcome: Outcome) => void,
  ): Promise<void> {
    const by = snapshot();
    calls.reverse();
    let turnEnds = performance.now() + TURN_MS;
    let sliceEnds = performance.now() + SLICE_MS;
    for (let index = 0, call = calls.pop(); call !== undefined; index += 1, call = calls.pop()) {
      const settled = begin(index);
      if (call instanceof PdpError) settled(unread(call, scope));
      else {
        const counted = authorize(path, by, call, scope, settled);
        if (counted !== undefined) {
          // What limits count is counted in the order of the batch.
          await letOthersIn(counted);
          turnEnds = performance.now() + TURN_MS;
          sliceEnds = performance.now() + SLICE_MS;
        }
      }
      if (performance.now() < sliceEnds) continue;

      await nextTurn();
      if (performance.now() > turnEnds) {
        await letOthersIn();
        turnEnds = performance.now() + TURN_MS;
      }
      sliceEnds = performance.now() + SLICE_MS;
    }
  }

  /** Other batches, and for as long as this one waits for something. */
  async function letOthersIn(waiting?: Promise<void>): Promise<void> {
    lane.leave();
    try {
      await waiting;
    } finally {
      await lane.enter();
    }
  }

  /** An item that could not even be read leaves its record like a call of its own. */
  function unread(error: PdpError, scope: CallScope): PdpError {
    recordError(path, undefined, scope, error);

    return error;
  }
}
