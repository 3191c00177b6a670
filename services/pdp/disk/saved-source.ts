import { verifyingKey } from '../../bundles/signature/keys.ts';
import type { SignatureEvidence } from '../../store/signed.ts';
import type { OpenSnapshot } from './open.ts';
import { SnapshotError } from './snapshot-error.ts';

/** What taking a deployment over asks for, from a snapshot instead of PostgreSQL. */
export interface SavedSource {
  /** @throws SnapshotError where the snapshot lacks the bundle. */
  nameOf(digest: string): string;
  archiveOf(digest: string): Promise<Uint8Array>;
  /** What the store requires of signatures, and those that there are. @throws SnapshotError where it is damaged. */
  evidenceOf(store: string, digest: string): SignatureEvidence;
}

export function savedSource({ state, archive }: OpenSnapshot): SavedSource {
  const names = new Map(state.bundles.map(({ digest, name }) => [digest, name]));
  const stores = new Map(state.stores.map((store) => [store.name, store]));

  return {
    nameOf(digest) {
      const name = names.get(digest);
      if (name === undefined) throw new SnapshotError(`the snapshot does not hold the bundle ${digest}`);

      return name;
    },

    archiveOf: archive,

    evidenceOf(name, digest) {
      const store = stores.get(name);
      if (store === undefined) throw new SnapshotError(`the snapshot does not hold the store ${name}`);
      const { requirement, signatures } = store;
      if (requirement === null) return { requirement: undefined, texts: [] };

      return {
        requirement: { threshold: requirement.threshold, keys: requirement.keys.map(verifyingKey) },
        texts: signatures.find((one) => one.digest === digest)?.texts ?? [],
      };
    },
  };
}
