import type { DecisionEntry } from '../../ledger/record.ts';
import type { Pool } from '../../store/database.ts';
import { withTransaction } from '../../store/pool.ts';
import { enqueueEvent } from '../../store/webhooks/enqueue.ts';
import type { Log } from '../../telemetry/log.ts';

export interface GlassUseOptions {
  readonly pool: Pool;
  readonly log: Pick<Log, 'warn'>;
  /** Between two events of one break-glass, in milliseconds. */
  readonly everyMs?: number;
}

/** Tells those outside, and the log of this process, that decisions are made under break-glass. */
export interface GlassUse {
  /** Takes note of a recorded decision; never waits and never throws. */
  used(entry: DecisionEntry): void;
  stop(): Promise<void>;
}

interface Example {
  readonly decision_id: string;
  readonly decision: string;
  readonly principal: { readonly type: string; readonly id: string };
  readonly action: { readonly type: string; readonly id: string };
  readonly resource: { readonly type: string; readonly id: string };
}

interface Tally {
  readonly store: string;
  allowed: number;
  denied: number;
  since: string;
  readonly examples: Example[];
  timer: NodeJS.Timeout | undefined;
}

const EVERY_MS = 60_000;
const EXAMPLES = 5;
/** What stopping waits for; the report at the end counts what is in the log and not what was told. */
const STOP_MS = 2_000;

/** The first use of a break-glass is told at once, what follows in sums. */
export function createGlassUse({ pool, log, everyMs = EVERY_MS }: GlassUseOptions): GlassUse {
  const tallies = new Map<string, Tally>();
  let telling: Promise<unknown> = Promise.resolve();
  let isStopping = false;

  return {
    used(entry) {
      const { break_glass: id, store, mode, decision, decision_id, principal, action, resource } = entry;
      if (id === undefined || mode === 'check') return;
      const tally = tallies.get(id) ?? begin(id, store, entry.time);
      if (tally.allowed + tally.denied === 0) tally.since = entry.time;
      if (decision === 'allow') tally.allowed += 1;
      else tally.denied += 1;
      if (tally.examples.length < EXAMPLES) {
        tally.examples.push({ decision_id, decision, principal, action, resource });
      }
    },

    async stop() {
      isStopping = true;
      for (const [id, { timer }] of tallies) {
        clearTimeout(timer);
        tell(id);
      }
      await Promise.race([telling, new Promise((resolve) => setTimeout(resolve, STOP_MS).unref())]);
    },
  };

  function begin(id: string, store: string, since: string): Tally {
    const tally: Tally = { store, allowed: 0, denied: 0, since, examples: [], timer: undefined };
    tallies.set(id, tally);
    tally.timer = setTimeout(() => tell(id), 0).unref();

    return tally;
  }

  function tell(id: string): void {
    const tally = tallies.get(id);
    if (tally === undefined) return;
    if (tally.allowed + tally.denied === 0) {
      tallies.delete(id);
      return;
    }

    telling = Promise.all([telling, send(id, tally)]);
    if (!isStopping) tally.timer = setTimeout(() => tell(id), everyMs).unref();
  }

  /** What cannot be told is told with what comes. */
  async function send(id: string, tally: Tally): Promise<void> {
    const { store, allowed, denied, since } = tally;
    const examples = tally.examples.splice(0);
    tally.allowed = 0;
    tally.denied = 0;
    log.warn({ store, break_glass: id, allowed, denied }, 'decisions were made under break-glass');
    try {
      await withTransaction(pool, (client) =>
        enqueueEvent(client, {
          store,
          kind: 'break_glass.used',
          payload: {
            break_glass: id,
            ...{ allowed, denied, since },
            examples: examples.map(({ principal, action, resource, ...rest }) => ({
              ...rest,
              ...{ principal: { ...principal }, action: { ...action }, resource: { ...resource } },
            })),
          },
        }),
      );
    } catch (err) {
      tally.allowed += allowed;
      tally.denied += denied;
      tally.since = since;
      tally.examples.unshift(...examples);
      tally.examples.splice(EXAMPLES);
      log.warn(
        { err, break_glass: id },
        'nobody could be told of decisions under break-glass; they are told later',
      );
    }
  }
}
