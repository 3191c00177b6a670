import { describe, expect, test } from 'vitest';
import { PdpError } from '../../services/engine/error.ts';
import { LIMITS } from '../../services/engine/limits.ts';
import { CallSignal } from '../../services/pdp/call-signal.ts';
import { createRateLimiter } from '../../services/pdp/rate-limiter.ts';
import { createFallbackShare } from '../../services/pdp/thread-share.ts';
import type { AuthorizeCall } from '../../services/pdp/types.ts';
import { callerOf, callOf, scopeOf } from './support/calls.ts';
import { aborted, batchOf, withService } from './support/service.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

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
