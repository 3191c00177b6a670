import { PdpError } from '../engine/error.ts';
import type { Deployment } from '../store/deployments.ts';
import type { Identity } from '../store/installation.ts';

/** PostgreSQL says something that it may say only where it lost what it has said before: an older backup was restored. */
export class BackwardsError extends PdpError {}

/** PostgreSQL answers, and is another one than before. */
export class ForeignDatabaseError extends PdpError {}

/** What was seen of PostgreSQL, which only goes forward. */
export interface Seen extends Identity {
  readonly deployments: readonly Deployment[];
  /** By store: the sequence of its newest change, be it a deployment or a write of entities. */
  readonly states: ReadonlyMap<string, bigint>;
}

/** Sees to it that what is followed never goes back: neither a deployment, nor a write of entities, nor the revocation of a credential. */
export interface Forward {
  /** Takes note of what was seen in an earlier start. */
  expect(seen: Seen): void;
  /**
   * Takes note of what PostgreSQL says now.
   * @throws BackwardsError, ForeignDatabaseError `unavailable`; then nothing of it may be taken over.
   */
  assertForward(now: Seen): void;
}

export function createForward(): Forward {
  let seen: Seen | undefined;

  return {
    expect(earlier) {
      seen = earlier;
    },

    assertForward(now) {
      if (seen !== undefined) assertAfter(seen, now);
      seen = now;
    },
  };
}

function assertAfter(before: Seen, now: Seen): void {
  if (now.installation !== before.installation) {
    throw new ForeignDatabaseError(
      'unavailable',
      `the database is of the installation ${now.installation}, and this process knows ${before.installation}`,
    );
  }
  if (now.revision < before.revision) {
    throw backwards(`its credentials are at revision ${now.revision}, and were at ${before.revision}`);
  }

  for (const [store, sequence] of before.states) {
    const found = now.states.get(store) ?? 0n;
    if (found < sequence)
      throw backwards(`the state of the store ${store} is at sequence ${found}, and was at ${sequence}`);
  }

  const stores = new Map(now.deployments.map((deployment) => [deployment.store, deployment]));
  for (const known of before.deployments) {
    const found = stores.get(known.store);
    if (found === undefined || found.sequence < known.sequence) {
      throw backwards(
        `the store ${known.store} is at sequence ${found?.sequence ?? 0n}, and was at ${known.sequence}`,
      );
    }
    if (found.sequence === known.sequence && !isSame(found, known)) {
      throw backwards(`the store ${known.store} has another deployment ${known.sequence} than it had`);
    }
  }
}

/** A deployment's row is never changed, so two of one number are of two histories. */
function isSame(one: Deployment, other: Deployment): boolean {
  return (
    one.digest === other.digest &&
    one.canary?.digest === other.canary?.digest &&
    one.recordId === other.recordId &&
    one.createdAt.getTime() === other.createdAt.getTime()
  );
}

/** @param what does not follow on what was seen. */
export function backwards(what: string): BackwardsError {
  return new BackwardsError(
    'unavailable',
    `the database has gone back: ${what}. Restore a newer one; where it is meant to be so, remove the snapshots of every replica and start them again`,
  );
}
