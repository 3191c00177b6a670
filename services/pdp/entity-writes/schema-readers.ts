import type { CompiledBundle } from '../../bundles/compile.ts';
import type { Replica } from '../replica.ts';

/** What of a bundle says whether an entity fits it. */
export type SchemaReader = Pick<CompiledBundle, 'ref' | 'schema' | 'sourceOf' | 'entities' | 'readsStore'>;

/** The bundles that writes are held to, by digest. */
export interface SchemaReaders {
  /** @throws what loading a bundle throws. */
  of(digests: readonly string[]): Promise<readonly SchemaReader[]>;
}

/** Readers that are kept: a replica keeps no bundle that only a shadow has, and a write must not wait for one to compile each time. */
const KEPT = 8;

export function createSchemaReaders({ prepared }: Pick<Replica, 'prepared'>): SchemaReaders {
  const kept = new Map<string, Promise<SchemaReader>>();

  return {
    of: (digests) => Promise.all(digests.map(readerOf)),
  };

  function readerOf(digest: string): Promise<SchemaReader> {
    const known = kept.get(digest) ?? load(digest);
    // The one that was asked for last stands last.
    kept.delete(digest);
    kept.set(digest, known);
    known.catch(() => {
      if (kept.get(digest) === known) kept.delete(digest);
    });
    for (const oldest of kept.keys()) {
      if (kept.size <= KEPT) break;
      kept.delete(oldest);
    }

    return known;
  }

  function load(digest: string): Promise<SchemaReader> {
    return prepared([digest], async ([bundle]) => {
      if (bundle === undefined) throw new Error(`the bundle ${digest} was prepared and is not there`);
      const { ref, schema, sourceOf, entities, readsStore } = bundle;

      return { ref, schema, sourceOf, entities, readsStore };
    });
  }
}
