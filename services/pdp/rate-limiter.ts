import { PdpError } from '../engine/error.ts';
import { asksForDecisions } from './admit.ts';
import type { CredentialDirectory } from './credentials.ts';
import { type RateLimit, TokenBucket } from './token-bucket.ts';
import type { Caller } from './types.ts';

/** Holds callers to how often they may ask. */
export interface RateLimiter {
  /**
   * Takes room for this many requests, before any work is done for them.
   * @param current gives the credentials that are good now, where there is a limit; what others left behind is forgotten.
   * @throws PdpError `overloaded` with the time after which to ask again; `too_large` where so many never pass at once.
   */
  take(caller: Caller, count: number, current: () => CredentialDirectory): void;
}

export interface RateLimiterOptions {
  /** For runtimes and callers without a credential where theirs names none; absent: no limit. */
  readonly fallback: RateLimit | undefined;
  /** How many processes decide side by side: each admits its part. */
  readonly processes: number;
  /** Whole microseconds on a clock that never goes back. */
  readonly nowMicros?: () => number;
}

/** Of callers without a credential; no credential has that id. */
const ANONYMOUS_ID = '';

export function createRateLimiter({
  fallback,
  processes,
  nowMicros = monotonic,
}: RateLimiterOptions): RateLimiter {
  const buckets = new Map<string, TokenBucket>();
  let known: CredentialDirectory | undefined;

  return {
    take(caller, count, current) {
      // An administrator that the default shut out could not mend it.
      const limit = caller.rate_limit ?? (asksForDecisions(caller) ? fallback : undefined);
      if (limit === undefined || count === 0) return;

      const credentials = current();
      if (credentials !== known) forget(credentials);
      const now = nowMicros();
      const bucket = bucketOf(caller.credential_id ?? ANONYMOUS_ID, limit, now);
      if (count > bucket.most) throw neverAtOnce(count, bucket.most);

      const waitMicros = bucket.take(count, now);
      if (waitMicros > 0) throw tooOften(limit, Math.ceil(waitMicros / 1_000));
    },
  };

  /** What a credential names never changes, and no id is used again: its bucket is good for as long as it is. */
  function bucketOf(id: string, limit: RateLimit, now: number): TokenBucket {
    const present = buckets.get(id);
    if (present !== undefined) return present;

    const bucket = new TokenBucket(limit, processes, now);
    buckets.set(id, bucket);

    return bucket;
  }

  function forget(credentials: CredentialDirectory): void {
    known = credentials;
    for (const id of buckets.keys()) {
      if (id !== ANONYMOUS_ID && !credentials.has(id)) buckets.delete(id);
    }
  }
}

function tooOften({ rate_per_second: max }: RateLimit, retryAfterMs: number): PdpError {
  return new PdpError('overloaded', `this caller asks too often; try again in ${retryAfterMs} ms`, {
    limit: { name: 'rate_per_second', max },
    retryAfterMs,
  });
}

function neverAtOnce(count: number, max: number): PdpError {
  return new PdpError('too_large', `this caller may send ${max} requests at once; the batch has ${count}`, {
    limit: { name: 'burst', max },
  });
}

function monotonic(): number {
  return Math.floor(performance.now() * 1_000);
}
