import { PdpError } from '../engine/error.ts';
import { ALL_STORES } from './credentials.ts';
import type { Database } from './database.ts';
import { query } from './pool.ts';

export interface NewBundle {
  /** `sha256:<64 hex>`. */
  readonly digest: string;
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** The manifest as JSON, for those who look at bundles; the archive alone decides. */
  readonly manifest: unknown;
  readonly cedarVersion: string;
  readonly archive: Uint8Array;
  readonly createdBy: string;
  /** That see it and can run it; absent: all. */
  readonly stores?: readonly string[];
}

/** What is known of a bundle besides its archive. */
export interface BundleInfo extends Omit<NewBundle, 'archive' | 'stores'> {
  /** Bytes of the archive. */
  readonly size: number;
  readonly createdAt: Date;
}

export interface BundlePage {
  /** Newest first. */
  readonly bundles: readonly BundleInfo[];
  /** Pass it as `before` for the next page; `undefined` on the last one. */
  readonly next: string | undefined;
}

/** Stores for which a bundle may have been pushed. */
export type BundleScope = readonly string[] | 'all';

const INFO_COLUMNS = `digest, name, version, description, manifest, cedar_version as "cedarVersion", size::int4 as size,
  coalesce(pushed.created_at, bundles.created_at) as "createdAt", coalesce(pushed.created_by, bundles.created_by) as "createdBy"`;

/**
 * Stores a bundle that has passed its checks. The same digest twice is one bundle, of the stores of both.
 * @param scope what whoever pushes sees: of other bundles nothing is told but that a name and version are taken.
 * @returns whether it was not there before.
 * @throws PdpError `conflict` where the name and version exist with another digest; `not_found` for a store that is not there.
 */
export async function insertBundle(
  database: Database,
  bundle: NewBundle,
  scope: BundleScope = 'all',
): Promise<{ created: boolean }> {
  const stores = bundle.stores ?? [ALL_STORES];
  await requireStores(database, stores);
  const inserted = await query(
    database,
    `with bundle as (
       insert into bundles (digest, name, version, description, manifest, cedar_version, archive, created_by)
       values ($1, $2, $3, $4, $5, $6, $7, $8)
       on conflict do nothing
       returning digest
     )
     insert into bundle_stores (digest, store, created_by) select digest, unnest($9::text[]), $8 from bundle
     returning digest`,
    [
      bundle.digest,
      bundle.name,
      bundle.version,
      bundle.description,
      JSON.stringify(bundle.manifest),
      bundle.cedarVersion,
      bundle.archive,
      bundle.createdBy,
      stores,
    ],
  );
  if (inserted.length > 0) return { created: true };

  const [present] = await query<{ digest: string; visible: boolean }>(
    database,
    `select digest, ${visibleIn(3)} as visible from bundles where name = $1 and version = $2`,
    [bundle.name, bundle.version, scopeOf(scope)],
  );
  if (present?.digest === bundle.digest) {
    await query(
      database,
      `insert into bundle_stores (digest, store, created_by) select $1, unnest($2::text[]), $3
       on conflict do nothing`,
      [bundle.digest, stores, bundle.createdBy],
    );

    return { created: !present.visible };
  }

  const taken = present?.visible === true ? `exists with the digest ${present.digest}` : 'is taken';
  throw new PdpError(
    'conflict',
    `${bundle.name} ${bundle.version} ${taken}: give the changed bundle another version`,
    { field: 'version' },
  );
}

/**
 * @param stores for one of which it must have been pushed.
 * @throws PdpError `not_found`, also where it is another's.
 */
export async function getBundle(
  database: Database,
  digest: string,
  stores: BundleScope = 'all',
): Promise<BundleInfo> {
  const [bundle] = await query<BundleInfo>(
    database,
    `select ${INFO_COLUMNS} from ${bundlesIn(2)} where digest = $1 and ${visibleIn(2)}`,
    [digest, scopeOf(stores)],
  );
  if (bundle === undefined) throw unknownBundle(digest);

  return bundle;
}

/**
 * The archive as it was stored.
 * @throws PdpError as {@link getBundle}.
 */
export async function getBundleArchive(
  database: Database,
  digest: string,
  stores: BundleScope = 'all',
): Promise<Uint8Array> {
  const [row] = await query<{ archive: Buffer }>(
    database,
    `select archive from bundles where digest = $1 and ${visibleIn(2)}`,
    [digest, scopeOf(stores)],
  );
  if (row === undefined) throw unknownBundle(digest);

  return row.archive;
}

/**
 * What the archive of a bundle is, without fetching it.
 * @throws PdpError `not_found`.
 */
export async function bundleArchiveSum(
  database: Database,
  digest: string,
): Promise<{ name: string; bytes: number; sha256: string }> {
  const [row] = await query<{ name: string; bytes: number; sha256: string }>(
    database,
    `select name, size::int4 as bytes, encode(sha256(archive), 'hex') as sha256 from bundles where digest = $1`,
    [digest],
  );
  if (row === undefined) throw unknownBundle(digest);

  return row;
}

/** Bytes that are fetched at once where an archive is only copied: decoding them holds up decisions for a few milliseconds. */
const SLICE_BYTES = 1024 * 1024;

/**
 * The same archive, bit by bit.
 * @throws PdpError `not_found`.
 */
export async function* bundleArchiveSlices(database: Database, digest: string): AsyncGenerator<Uint8Array> {
  for (let from = 1, size = 1; from <= size; from += SLICE_BYTES) {
    const [row] = await query<{ slice: Buffer; size: number }>(
      database,
      'select substring(archive from $2 for $3) as slice, size::int4 as size from bundles where digest = $1',
      [digest, from, SLICE_BYTES],
    );
    if (row === undefined) throw unknownBundle(digest);
    size = row.size;
    yield row.slice;
  }
}

/** One page of the bundles of these stores, newest first; `before` is the `next` of the page that came last. */
export async function listBundles(
  database: Database,
  { limit, before }: { readonly limit: number; readonly before?: string | undefined },
  stores: BundleScope = 'all',
): Promise<BundlePage> {
  // One more than asked for tells whether another page follows.
  const rows = await query<BundleInfo>(
    database,
    `select ${INFO_COLUMNS} from ${bundlesIn(3)}
     where ${visibleIn(3)}
       and ($1::text is null or number < (select number from bundles where digest = $1 and ${visibleIn(3)}))
     order by number desc limit $2`,
    [before ?? null, limit + 1, scopeOf(stores)],
  );
  const bundles = rows.slice(0, limit);

  return { bundles, next: rows.length > limit ? bundles.at(-1)?.digest : undefined };
}

/** @throws PdpError `not_found`: one of the stores does not exist. */
async function requireStores(database: Database, stores: readonly string[]): Promise<void> {
  const rows = await query<{ name: string }>(database, 'select name from stores where name = any($1)', [
    stores,
  ]);
  const missing = stores.find((store) => store !== ALL_STORES && !rows.some(({ name }) => name === store));
  if (missing === undefined) return;

  throw new PdpError('not_found', `there is no store ${missing}`, { field: 'stores' });
}

/** Whether a bundle was pushed for one of the stores; the parameter is `null` for all. */
function visibleIn(parameter: number): string {
  return `($${parameter}::text[] is null or exists (
    select from bundle_stores s where s.digest = bundles.digest and (s.store = '*' or s.store = any($${parameter}))))`;
}

/** Bundles with who pushed each first for one of the stores: what another store did before is not told. The parameter is as above. */
function bundlesIn(parameter: number): string {
  return `bundles left join lateral (
    select created_at, created_by from bundle_stores s
    where s.digest = bundles.digest and (s.store = '*' or s.store = any($${parameter}))
    order by created_at, store limit 1) pushed on $${parameter}::text[] is not null`;
}

function scopeOf(stores: BundleScope): readonly string[] | null {
  return stores === 'all' ? null : stores;
}

/** The one way to say that a digest is not stored. */
export function unknownBundle(digest: string): PdpError {
  return new PdpError('not_found', `there is no bundle ${digest}`, { field: 'digest' });
}

/** @throws PdpError `not_found`: no such bundle. */
export async function bundleName(database: Database, digest: string): Promise<string> {
  const [row] = await query<{ name: string }>(database, 'select name from bundles where digest = $1', [
    digest,
  ]);
  if (row === undefined) throw unknownBundle(digest);

  return row.name;
}
