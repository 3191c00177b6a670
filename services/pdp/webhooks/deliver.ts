import { createPool, type DatabaseConnection } from '../../store/pool.ts';
import {
  clearDeliveries,
  type Delivery,
  finishDelivery,
  nameEndpoint,
  postponeDelivery,
  takeDeliveries,
  type Waiting,
  waitingDeliveries,
} from '../../store/webhooks/deliveries.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { createThrottle } from '../../telemetry/throttle.ts';
import type { Endpoint } from './read-endpoints.ts';
import { SEND_MS, sendDelivery } from './send.ts';

export interface DeliverOptions {
  readonly connection: DatabaseConnection;
  readonly endpoints: readonly Endpoint[];
  readonly metrics: Pick<Metrics, 'add'>;
  readonly log: Pick<Log, 'warn' | 'error'>;
  readonly pace?: Partial<Pace>;
}

/** All in milliseconds. */
export interface Pace {
  /** How often it is looked for what is due. */
  readonly lookMs: number;
  /** How often endpoints are named and what is over is cleared away. */
  readonly tendMs: number;
  /** Of an attempt whose process is gone: when another one begins. */
  readonly leaseMs: number;
  /** Until the second attempt; each further one takes twice as long, up to `longestWaitMs`. */
  readonly waitMs: number;
  readonly longestWaitMs: number;
  /** When an event is given up. */
  readonly giveUpMs: number;
}

/** Events on their way to those who want to be told. */
export interface Delivering {
  /** What waits for this process's endpoints, as of its last look. */
  waiting(): readonly Waiting[];
  stop(): Promise<void>;
}

const PACE: Pace = {
  lookMs: 1_000,
  tendMs: 10_000,
  leaseMs: 3 * SEND_MS,
  waitMs: 5_000,
  longestWaitMs: 3_600_000,
  giveUpMs: 24 * 3_600_000,
};
/** Attempts at a time, for each endpoint: one that hangs holds back itself alone. */
const AT_ONCE = 8;
const CONNECTIONS = 2;
const LOG_EVERY_MS = 60_000;

/** Sends what happens in stores to the endpoints, each event by one process at a time, until each has been told or given up. */
export function deliverEvents(options: DeliverOptions): Delivering {
  const { connection, endpoints, metrics, log } = options;
  const pace = { ...PACE, ...options.pace };
  const pool = createPool({ connection, applicationName: 'palisade webhooks', max: CONNECTIONS });
  const stopping = new AbortController();
  const failures = createThrottle(LOG_EVERY_MS);
  const complaints = new Map(endpoints.map(({ name }) => [name, createThrottle(LOG_EVERY_MS)]));
  // There from the start: what appears with its first event does not increase, and nobody is alerted.
  for (const { name } of endpoints) metrics.add('palisade.webhooks.given_up', 0, [name]);
  const looking = new Map<string, Promise<void>>();
  let waiting: readonly Waiting[] = [];
  let tending: Promise<void> | undefined;
  startTending();
  const timers = [setInterval(look, pace.lookMs).unref(), setInterval(startTending, pace.tendMs).unref()];

  return {
    waiting: () => waiting,

    async stop() {
      for (const timer of timers) clearInterval(timer);
      stopping.abort();
      await Promise.all([tending, ...looking.values()]);
      await pool.end();
    },
  };

  function look(): void {
    for (const endpoint of endpoints) {
      if (looking.has(endpoint.name)) continue;
      looking.set(
        endpoint.name,
        sendDue(endpoint)
          .catch(onLost)
          .finally(() => looking.delete(endpoint.name)),
      );
    }
  }

  function startTending(): void {
    tending ??= tend().finally(() => {
      tending = undefined;
    });
  }

  async function sendDue(endpoint: Endpoint): Promise<void> {
    for (let isMore = true; isMore && !stopping.signal.aborted; ) {
      const taken = await takeDeliveries(pool, endpoint.name, { leaseMs: pace.leaseMs, atMost: AT_ONCE });
      isMore = taken.length === AT_ONCE;
      await Promise.all(taken.map((delivery) => send(endpoint, delivery)));
    }
  }

  async function send(endpoint: Endpoint, delivery: Delivery): Promise<void> {
    const problem = await sendDelivery(endpoint, delivery, stopping.signal);
    if (problem === undefined) {
      metrics.add('palisade.webhooks.attempts', 1, [endpoint.name, 'delivered']);
      await finishDelivery(pool, delivery);
      return;
    }

    metrics.add('palisade.webhooks.attempts', 1, [endpoint.name, 'failed']);
    const { event_id, kind, attempts } = delivery;
    complaints.get(endpoint.name)?.((since_last) =>
      log.warn(
        { endpoint: endpoint.name, event_id, kind, attempts, problem, since_last },
        'an endpoint did not take an event; it is told again',
      ),
    );
    await postponeDelivery(pool, delivery, waitOf(attempts));
  }

  /** A part of it is chance, so that what failed together does not come back together. */
  function waitOf(attempts: number): number {
    const longest = Math.min(pace.longestWaitMs, pace.waitMs * 2 ** (attempts - 1));

    return longest * (0.75 + Math.random() / 4);
  }

  /** Also where this process tells nobody: what is over is over for all. */
  async function tend(): Promise<void> {
    try {
      for (const endpoint of endpoints) await nameEndpoint(pool, endpoint);
      for (const [endpoint, events] of await clearDeliveries(pool, pace.giveUpMs)) {
        metrics.add('palisade.webhooks.given_up', events, [endpoint]);
        log.error({ endpoint, events }, 'an endpoint did not take events for so long that they are given up');
      }
      const found = new Map((await waitingDeliveries(pool)).map((one) => [one.endpoint, one]));
      waiting = endpoints.map(({ name }) => found.get(name) ?? { endpoint: name, events: 0, oldestMs: 0 });
    } catch (error) {
      onLost(error);
    }
  }

  function onLost(err: unknown): void {
    failures((since_last) => log.warn({ err, since_last }, 'events could not be read or written; they wait'));
  }
}
