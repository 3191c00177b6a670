import type { Candidate } from '../bundles/signature/judge.ts';
import type { Database } from '../store/database.ts';
import { assertSigned, assertSignedBy, type SignatureEvidence, UnsignedError } from '../store/signed.ts';

/** Sees to it that what is taken over is signed as its store requires, and tells in time when that is about to end. */
export interface SignatureWatch {
  /**
   * Lets a bundle in that is about to be served.
   * @param kept what there is of signatures, where it is not PostgreSQL that is asked.
   * @throws UnsignedError where it lacks signatures; what PostgreSQL throws.
   */
  admit(candidate: Candidate, kept?: SignatureEvidence): Promise<void>;
  /** Looks again, in the background and not too often, at what is served. What it finds stops nothing that is served. */
  watch(served: readonly Candidate[]): void;
  /** Milliseconds since the epoch until which each store's bundles are signed; a store that requires nothing is not there. */
  until(): ReadonlyMap<string, number>;
  /** Settles when nothing is being looked at. */
  settled(): Promise<void>;
}

export interface SignatureWatchOptions {
  readonly pool: Database;
  readonly log: { warn(details: object, message: string): void };
  /** Milliseconds since the epoch. Default: the machine's clock. */
  readonly now?: () => number;
}

/** The longest that a new signature, or an expiry, stays unnoticed. */
const LOOK_MS = 10_000;
/** Enough to find somebody who has a key. */
const WARN_MS = 7 * 24 * 60 * 60 * 1_000;

export function createSignatureWatch({ pool, log, now = Date.now }: SignatureWatchOptions): SignatureWatch {
  /** Until when, by store and digest. */
  const ends = new Map<string, { readonly store: string; readonly until: number }>();
  /** What was said of each, so that it is said once. */
  const told = new Map<string, string>();
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<unknown> = Promise.resolve();

  return {
    async admit(candidate, kept) {
      const signed =
        kept === undefined
          ? await assertSigned(pool, candidate, now())
          : assertSignedBy(kept, candidate, now());
      note(candidate, signed.until);
    },

    watch(served) {
      if (performance.now() - lookedAt < LOOK_MS) return;
      lookedAt = performance.now();
      looking = lookAt(served);
    },

    until() {
      const stores = new Map<string, number>();
      for (const { store, until } of ends.values()) {
        stores.set(store, Math.min(stores.get(store) ?? until, until));
      }

      return stores;
    },

    async settled() {
      await looking;
    },
  };

  async function lookAt(served: readonly Candidate[]): Promise<void> {
    const keys = new Set(served.map(keyOf));
    for (const key of ends.keys()) {
      if (keys.has(key)) continue;
      ends.delete(key);
      told.delete(key);
    }
    for (const candidate of served) {
      try {
        note(candidate, (await assertSigned(pool, candidate, now())).until);
      } catch (error) {
        // Where PostgreSQL does not answer, others say so; what was known goes on.
        if (error instanceof UnsignedError) noteEnd(candidate, error);
      }
    }
  }

  function note(candidate: Candidate, until: number | undefined): void {
    const key = keyOf(candidate);
    if (until === undefined) {
      ends.delete(key);
      told.delete(key);
      return;
    }

    ends.set(key, { store: candidate.store, until });
    if (until - now() > WARN_MS) {
      told.delete(key);
      return;
    }
    tell(candidate, `until ${until}`, { until: new Date(until).toISOString() }, EXPIRES_SOON);
  }

  /** It was signed when it was taken over, and is not any more. */
  function noteEnd(candidate: Candidate, error: UnsignedError): void {
    const key = keyOf(candidate);
    ends.set(key, { store: candidate.store, until: Math.min(ends.get(key)?.until ?? now(), now()) });
    tell(candidate, 'ended', { err: error }, ENDED);
  }

  function tell({ store, digest }: Candidate, what: string, details: object, message: string): void {
    const key = keyOf({ store, digest });
    if (told.get(key) === what) return;

    told.set(key, what);
    log.warn({ store, digest, ...details }, message);
  }
}

const EXPIRES_SOON =
  'the signatures of a served bundle expire soon; sign it again, or no process can load it then';
const ENDED =
  'a served bundle is no longer signed as its store requires; it is served on here, and no process can load it until it is signed again';

function keyOf({ store, digest }: Pick<Candidate, 'store' | 'digest'>): string {
  return `${store} ${digest}`;
}
