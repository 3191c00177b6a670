import { describe, expect, test } from 'vitest';
import { PdpError } from '../../services/engine/error.ts';
import { LIMITS } from '../../services/engine/limits.ts';
import type { Ledger } from '../../services/ledger/ledger.ts';
import type { DecisionPath } from '../../services/pdp/authorize.ts';
import { CallSignal } from '../../services/pdp/call-signal.ts';
import { createRateLimiter, type RateLimiter } from '../../services/pdp/rate-limiter.ts';
import type { Replica } from '../../services/pdp/replica.ts';
import type { RunKeeping } from '../../services/pdp/runs/keeping.ts';
import { createRunTurns } from '../../services/pdp/runs/run-turns.ts';
import { createDecisionService } from '../../services/pdp/service.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../../services/pdp/snapshot.ts';
import { createFallbackShare } from '../../services/pdp/thread-share.ts';
import type { AuthorizeCall, Batch, DecisionReply, DecisionService } from '../../services/pdp/types.ts';
import { createMetrics } from '../../services/telemetry/metrics.ts';
import { quietObserver } from '../support/observer.ts';
import { compiledBundle } from './support/bundle.ts';
import { callerOf, callOf, scopeOf } from './support/calls.ts';
import { nothingAt } from './support/entities.ts';
import { withLedger } from './support/ledger.ts';
import { NO_PEOPLE } from './support/nobody.ts';

async function snapshotOf(version: string): Promise<Snapshot> {
  const bundle = await compiledBundle(version);

  const state = { name: 'default', sequence: 1n, bundle, entities: nothingAt(1n) };

  return { ...EMPTY_SNAPSHOT, stores: new Map([['default', state]]) };
}

/** A replica that is asked for nothing but snapshots, and never reaches a later sequence. */
function replicaOf(snapshot: () => Snapshot): Replica {
  return {
    snapshot,
    ageMs: () => 0,
    lags: () => [],
    refresh: () => Promise.resolve(),
    prepared: () => Promise.reject(new Error('not asked for here')),
    settled: () => Promise.resolve(),
    restore: () => Promise.reject(new Error('nothing is saved')),
    expect: () => undefined,
    restored: () => false,
    held: () => undefined,
    reached: (sequences, _deadline, signal) =>
      sequences.size === 0
        ? Promise.resolve()
        : new Promise((resolve) => void signal.onAbort(() => resolve())),
  };
}

function batchOf(calls: (AuthorizeCall | PdpError)[]): Batch {
  return { size: calls.length, read: () => Promise.resolve(calls) };
}

function aborted(): CallSignal {
  const signal = new CallSignal();
  signal.abort();

  return signal;
}

/** No bundle here has limits, so PostgreSQL is asked for nothing. */
const NO_COUNTING: DecisionPath['counting'] = {
  settle: () => Promise.reject(new Error('not asked for here')),
  read: () => Promise.reject(new Error('not asked for here')),
  readRun: () => Promise.reject(new Error('not asked for here')),
  findKey: () => Promise.reject(new Error('no keys here')),
  keepReply: () => Promise.reject(new Error('no keys here')),
  recorded: () => undefined,
  release: () => undefined,
};

const NO_RUNS: RunKeeping = {
  start: () => Promise.reject(new Error('not asked for here')),
  end: () => Promise.reject(new Error('not asked for here')),
  get: () => Promise.reject(new Error('not asked for here')),
};

interface Options {
  readonly snapshot?: () => Snapshot;
  readonly path?: Partial<DecisionPath>;
  readonly capBytes?: number;
  readonly rates?: RateLimiter;
}

async function withService(
  body: (service: DecisionService, ledger: Ledger) => Promise<void>,
  options: Options = {},
): Promise<void> {
  const only = await snapshotOf('1.0.0');
  await withLedger(async (ledger) => {
    const path = {
      ledger,
      now: Date.now,
      refuseStale: () => undefined,
      isFallback: () => false,
      fallback: createFallbackShare(),
      cedarVersion: '4.0.0',
      observer: quietObserver(),
      verifier: { sample: () => undefined },
      trials: { decided: () => undefined, failed: () => undefined },
      counting: NO_COUNTING,
      runTurns: createRunTurns(),
      approvals: NO_PEOPLE,
      ...options.path,
    };
    const replica = replicaOf(options.snapshot ?? (() => only));
    const rates = options.rates ?? createRateLimiter({ fallback: undefined, processes: 1 });
    const outcomes = { report: () => Promise.reject(new Error('no reports are taken here')) };
    await body(
      createDecisionService({ path, replica, runs: NO_RUNS, outcomes, anonymousAllowed: true, rates }),
      ledger,
    );
  }, options.capBytes);
}

const code = (expected: string) => expect.objectContaining({ code: expected });
const version = (outcome: DecisionReply | PdpError | undefined) =>
  outcome instanceof PdpError ? outcome.code : outcome?.bundle.version;

describe('authorize()', () => {
  test('permits what the bundle permits, and says by which', async () => {
    await withService(async (service) => {
      expect(await service.authorize(callOf({ request_id: 'r-1' }), scopeOf())).toMatchObject({
        decision: 'allow',
        reason_code: 'permitted',
        request_id: 'r-1',
        bundle: { name: 'docs', version: '1.0.0' },
        state_sequence: 1n,
        enforcement: 'enforced',
        explanation: undefined,
      });
    });
  });

  test('marks what was only checked, so that nobody acts on it', async () => {
    await withService(async (service) => {
      expect(await service.authorize(callOf({ mode: 'check' }), scopeOf())).toMatchObject({
        enforcement: 'check_only',
      });
    });
  });

  test('explains to a credential that may know, and to no other', async () => {
    await withService(async (service) => {
      const call = callOf({ detail: 'full' });
      const caller = callerOf({ full_detail: true });

      expect((await service.authorize(call, scopeOf({ caller }))).explanation).toMatchObject({
        determining_policies: [{ policy_id: 'agents-read', effect: 'permit' }],
        cedar_decision: 'allow',
      });
      await expect(service.authorize(call, scopeOf())).rejects.toThrow(code('permission_denied'));
    });
  });

  test('refuses calls of a bundle that Cedar must judge in its stead, once they take over half of the time', async () => {
    const clock = { now: 0 };
    const fallback = createFallbackShare(() => clock.now);
    let fallen = true;
    const path = { fallback, isFallback: () => fallen };
    await withService(
      async (service) => {
        fallback.run(() => {
          clock.now += 1_100;
        });

        await expect(service.authorize(callOf(), scopeOf())).rejects.toThrow(
          expect.objectContaining({ code: 'unavailable', limit: { name: 'fallback_percent', max: 50 } }),
        );

        fallen = false;
        await expect(service.authorize(callOf(), scopeOf())).resolves.toMatchObject({ decision: 'allow' });

        fallen = true;
        clock.now += 101;
        await expect(service.authorize(callOf(), scopeOf())).resolves.toMatchObject({ decision: 'allow' });
      },
      { path },
    );
  });

  test.each([
    ['whose deadline has passed', scopeOf({ deadline: 0 })],
    ['whose caller is gone', scopeOf({ signal: aborted() })],
  ])('does not decide a call %s', async (_what, scope) => {
    await withService(async (service) => {
      await expect(service.authorize(callOf(), scope)).rejects.toThrow(code('unavailable'));
    });
  });

  test('does not allow what came too late while its record was written', async () => {
    const leaving = new CallSignal();
    const now = () => {
      leaving.abort();

      return Date.now();
    };

    await withService(
      async (service) => {
        await expect(service.authorize(callOf(), scopeOf({ signal: leaving }))).rejects.toThrow(
          code('unavailable'),
        );
      },
      { path: { now } },
    );
  });

  test('does not decide by stale state', async () => {
    const refuseStale = () => {
      throw new PdpError('unavailable', 'stale');
    };

    await withService(
      async (service) => {
        await expect(service.authorize(callOf(), scopeOf())).rejects.toThrow(code('unavailable'));
      },
      { path: { refuseStale } },
    );
  });

  test('does not allow what it cannot record', async () => {
    await withService(
      async (service) => {
        await expect(service.authorize(callOf(), scopeOf())).rejects.toThrow(code('unavailable'));
      },
      { capBytes: 10_000 },
    );
  });
});

describe('authorizeBatch()', () => {
  test('answers in order, and an error stays where it is', async () => {
    await withService(async (service) => {
      const calls = [
        callOf({ request_id: 'first' }),
        new PdpError('too_large', 'did not decode'),
        callOf({ policy_store: 'foreign' }),
        callOf({ action: { type: 'Action', id: 'unknown' } }),
        callOf({ request_id: 'last' }),
      ];

      expect(await service.authorizeBatch(batchOf(calls), scopeOf())).toMatchObject([
        { request_id: 'first', decision: 'allow' },
        { code: 'too_large' },
        { code: 'permission_denied' },
        { code: 'invalid_request' },
        { request_id: 'last', decision: 'allow' },
      ]);
    });
  });

  test('answers nothing to nothing', async () => {
    await withService(async (service) => {
      expect(await service.authorizeBatch(batchOf([]), scopeOf())).toEqual([]);
    });
  });

  test('decides every item on one snapshot, however long it takes', async () => {
    const versions = [await snapshotOf('1.0.0'), await snapshotOf('2.0.0')];
    let asked = 0;
    const snapshot = () => versions[asked++ % 2] ?? EMPTY_SNAPSHOT;

    await withService(
      async (service) => {
        const first = await service.authorizeBatch(
          batchOf(Array.from({ length: 50 }, () => callOf())),
          scopeOf(),
        );
        const second = await service.authorizeBatch(
          batchOf(Array.from({ length: 50 }, () => callOf())),
          scopeOf(),
        );

        expect(new Set(first.map(version))).toEqual(new Set(['1.0.0']));
        expect(new Set(second.map(version))).toEqual(new Set(['2.0.0']));
      },
      { snapshot },
    );
  });

  test('is read when its turn has come, so that what waits is still bytes', async () => {
    await withService(async (service) => {
      const reading = Promise.withResolvers<AuthorizeCall[]>();
      const first = service.authorizeBatch({ size: 1, read: () => reading.promise }, scopeOf());
      let isRead = false;
      const read = () => {
        isRead = true;

        return Promise.resolve([callOf()]);
      };
      const second = service.authorizeBatch({ size: 1, read }, scopeOf());
      await service.authorize(callOf(), scopeOf());
      expect(isRead).toBe(false);
      reading.resolve([callOf()]);

      expect(await Promise.all([first, second])).toMatchObject([
        [{ decision: 'allow' }],
        [{ decision: 'allow' }],
      ]);
    });
  });

  test('lets others be decided while it waits for a state', async () => {
    await withService(async (service) => {
      const leaving = new CallSignal();
      const waiting = service.authorizeBatch(
        batchOf([callOf({ at_least_sequence: 9n })]),
        scopeOf({ signal: leaving }),
      );

      expect(await service.authorizeBatch(batchOf([callOf()]), scopeOf())).toMatchObject([
        { decision: 'allow' },
      ]);
      leaving.abort();
      expect(await waiting).toMatchObject([{ code: 'unavailable' }]);
    });
  });

  test('lets other work in between its items', async () => {
    let turns = 0;
    const busy = () => {
      for (const until = performance.now() + 2; performance.now() < until; );

      return Date.now();
    };

    await withService(
      async (service) => {
        const batch = service.authorizeBatch(batchOf(Array.from({ length: 50 }, () => callOf())), scopeOf());
        const ticking = setInterval(() => {
          turns += 1;
        }, 0);
        await batch;
        clearInterval(ticking);

        expect(turns).toBeGreaterThan(5);
      },
      { path: { now: busy } },
    );
  });
});

test('leaves a record of each item of a batch that could not even be read', async () => {
  const metrics = createMetrics();
  await withService(
    async (service, ledger) => {
      const unread = new PdpError('invalid_request', 'did not decode');
      await service.authorizeBatch(batchOf([callOf(), unread, unread]), scopeOf());
      await expect.poll(() => ledger.stats().recorded).toBe(3);
    },
    { path: { observer: quietObserver(metrics) } },
  );

  const errors = metrics.collect().find(({ name }) => name === 'palisade.errors');
  expect(errors?.series).toEqual([
    { labels: { 'error.type': 'invalid_request', 'palisade.transport': 'in_process' }, value: 2 },
  ]);
});

test('refuses what comes while too many calls are in flight, and serves again when they are gone', async () => {
  await withService(async (service) => {
    const leaving = new CallSignal();
    const unread: (AuthorizeCall | PdpError)[] = Array.from(
      { length: LIMITS.batch_items - 1 },
      () => new PdpError('invalid_request', 'did not decode'),
    );
    const waiting: Promise<unknown>[] = [];
    const wait = (count: number) => {
      const calls = [callOf({ at_least_sequence: 9n }), ...unread.slice(0, count - 1)];
      waiting.push(service.authorizeBatch(batchOf(calls), scopeOf({ signal: leaving })));
    };
    let left: number = LIMITS.requests_in_flight;
    for (; left > LIMITS.batch_items; left -= LIMITS.batch_items) wait(LIMITS.batch_items);
    wait(left);

    const overloaded = expect.objectContaining({
      code: 'overloaded',
      limit: { name: 'requests_in_flight', max: LIMITS.requests_in_flight },
    });
    await expect(service.authorize(callOf(), scopeOf())).rejects.toThrow(overloaded);
    await expect(service.authorizeBatch(batchOf([callOf()]), scopeOf())).rejects.toThrow(overloaded);

    leaving.abort();
    await Promise.all(waiting);
    expect(await service.authorize(callOf(), scopeOf())).toMatchObject({ decision: 'allow' });
  }, ROOMY);
});

/** A spool that holds a record of everything that may be in flight. */
const ROOMY = { capBytes: 512 * 1024 * 1024 };

describe('a rate limit', () => {
  const rate_limit = { rate_per_second: 1, burst: 3 };
  const limited = () => scopeOf({ caller: callerOf({ rate_limit }) });

  test('counts each request of a batch, refuses before any work, and leaves no record of that', async () => {
    const at = { rates: createRateLimiter({ fallback: undefined, processes: 1, nowMicros: () => 0 }) };
    await withService(async (service, ledger) => {
      await service.authorizeBatch(batchOf([callOf(), callOf()]), limited());
      const { recorded } = ledger.stats();

      await expect(service.authorizeBatch(batchOf([callOf(), callOf()]), limited())).rejects.toThrow(
        code('overloaded'),
      );
      await service.authorize(callOf(), limited());
      await expect(service.authorize(callOf(), limited())).rejects.toMatchObject({
        code: 'overloaded',
        retryAfterMs: 1_000,
      });
      expect(recorded).toBe(2);
      expect(ledger.stats().recorded).toBe(3);
    }, at);
  });
});
