import { bundleName } from '../store/bundles.ts';
import type { Pool } from '../store/database.ts';
import type { Deployment } from '../store/deployments.ts';
import type { SavedSource } from './disk/saved-source.ts';
import type { SignatureWatch } from './signature-watch.ts';

/** A deployment that asks to be let in. */
export interface Candidacy {
  readonly deployment: Deployment;
  /** Sequence of what the store requires to be signed; 0: nothing, and never did. */
  readonly requirement: bigint;
  /** Absent where PostgreSQL has what it takes. */
  readonly saved?: SavedSource | undefined;
}

/** Bundles of a deployment, each with the requirement that it met. */
export type Admitted = ReadonlySet<string>;

/** Lets a deployment in only where its bundles are signed as the store requires. */
export interface Admissions {
  /**
   * What is served already goes on, also when its signatures have expired meanwhile.
   * @throws UnsignedError where a bundle is not signed as required.
   */
  admit(candidacy: Candidacy): Promise<Admitted>;
  /** Remembers with what a store is served from now on. */
  serve(store: string, admitted: Admitted): void;
}

export function createAdmissions(pool: Pool, signatures: Pick<SignatureWatch, 'admit'>): Admissions {
  const served = new Map<string, Admitted>();

  return {
    async admit({ deployment, requirement, saved }) {
      const { store, digest, canary, shadow } = deployment;
      const admitted = new Set<string>();
      for (const one of [digest, canary?.digest, shadow?.digest]) {
        if (one === undefined) continue;
        const admission = `${one} ${requirement}`;
        if (served.get(store)?.has(admission) !== true) {
          const name = saved?.nameOf(one) ?? (await bundleName(pool, one));
          await signatures.admit({ store, digest: one, name }, saved?.evidenceOf(store, one));
        }
        admitted.add(admission);
      }

      return admitted;
    },

    serve(store, admitted) {
      served.set(store, admitted);
    },
  };
}
