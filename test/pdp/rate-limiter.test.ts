import { describe, expect, test } from 'vitest';
import type { CredentialDirectory } from '../../services/pdp/credentials.ts';
import { createRateLimiter } from '../../services/pdp/rate-limiter.ts';
import type { ActiveCredential } from '../../services/store/credentials.ts';
import { callerOf } from './support/calls.ts';

const EMPTY: CredentialDirectory = new Map();
const NOBODY = () => EMPTY;
const SECOND = 1_000_000;

function limiterAt(options: Partial<Parameters<typeof createRateLimiter>[0]> = {}) {
  const clock = { now: 0 };
  const limiter = createRateLimiter({
    fallback: undefined,
    processes: 1,
    nowMicros: () => clock.now,
    ...options,
  });

  return { clock, limiter };
}

const own = (credential_id: string, rate_per_second: number, burst: number) =>
  callerOf({ credential_id, rate_limit: { rate_per_second, burst } });

describe('a rate limiter', () => {
  test('tells who asks too often when to ask again, and lets pass then', () => {
    const { limiter, clock } = limiterAt();
    const caller = own('a', 2, 4);

    limiter.take(caller, 4, NOBODY);
    expect(() => limiter.take(caller, 1, NOBODY)).toThrow(
      expect.objectContaining({
        code: 'overloaded',
        retryAfterMs: 500,
        limit: { name: 'rate_per_second', max: 2 },
      }),
    );
    clock.now = SECOND / 2;
    limiter.take(caller, 1, NOBODY);
  });

  test('refuses for good what is more than ever passes at once, and takes nothing for it', () => {
    const { limiter } = limiterAt();
    const caller = own('a', 2, 4);

    expect(() => limiter.take(caller, 5, NOBODY)).toThrow(
      expect.objectContaining({ code: 'too_large', limit: { name: 'burst', max: 4 } }),
    );
    limiter.take(caller, 4, NOBODY);
  });

  test('takes from nobody what another one used', () => {
    const { limiter } = limiterAt({ fallback: { rate_per_second: 1, burst: 1 } });
    const anonymous = callerOf({ credential_id: undefined, roles: ['anonymous'] });

    for (const caller of [own('a', 1, 1), callerOf({ credential_id: 'b' }), anonymous]) {
      limiter.take(caller, 1, NOBODY);
      expect(() => limiter.take(caller, 1, NOBODY)).toThrow(/too often/);
    }
  });

  test('never holds an admin to the default, only to a limit of its own', () => {
    const { limiter } = limiterAt({ fallback: { rate_per_second: 1, burst: 1 } });
    const admin = callerOf({ roles: ['admin'], credential_id: 'admin' });

    for (let call = 0; call < 10; call += 1) limiter.take(admin, 1, NOBODY);
    limiter.take({ ...own('other', 1, 1), roles: ['admin'] }, 1, NOBODY);
    expect(() => limiter.take({ ...own('other', 1, 1), roles: ['admin'] }, 1, NOBODY)).toThrow(/too often/);
  });

  test('gives each of several processes its part, and always one request', () => {
    const { limiter } = limiterAt({ processes: 4 });

    limiter.take(own('a', 8, 8), 2, NOBODY);
    expect(() => limiter.take(own('a', 8, 8), 1, NOBODY)).toThrow(
      expect.objectContaining({ retryAfterMs: 500 }),
    );
    limiter.take(own('b', 1, 1), 1, NOBODY);
    expect(() => limiter.take(own('b', 1, 1), 1, NOBODY)).toThrow(
      expect.objectContaining({ retryAfterMs: 4_000 }),
    );
  });

  test('keeps what was used through changes of other credentials, and forgets it with its own', () => {
    const { limiter } = limiterAt();
    const caller = own('a', 1, 1);
    const present = () => {
      const directory: CredentialDirectory = new Map([['a', {} as ActiveCredential]]);

      return () => directory;
    };

    limiter.take(caller, 1, present());
    expect(() => limiter.take(caller, 1, present())).toThrow(/too often/);
    limiter.take(caller, 1, NOBODY);
  });
});
