import { PdpError } from '../engine/error.ts';
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
}

/** What is known of a bundle besides its archive. */
export interface BundleInfo extends Omit<NewBundle, 'archive'> {
  /** Bytes of the archive. */
  readonly size: number;
  readonly createdAt: Date;
}

export interface BundlePage {
  /** Newest first. */
  readonly bundles: readonly BundleInfo[];
  /** Pass it as `before` for the next page; `undefined` on the last one. */
  readonly next: bigint | undefined;
}

const INFO_COLUMNS = `digest, name, version, description, manifest, cedar_version as "cedarVersion", size::int4 as size,
  created_at as "createdAt", created_by as "createdBy"`;

/**
 * Stores a bundle that has passed its checks. The same digest twice is one bundle.
 * @returns whether it was not there before.
 * @throws PdpError `conflict` where the name and version exist with another digest.
 */
export async function insertBundle(database: Database, bundle: NewBundle): Promise<{ created: boolean }> {
  const inserted = await query(
    database,
    `insert into bundles (digest, name, version, description, manifest, cedar_version, archive, created_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict do nothing
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
    ],
  );
  if (inserted.length > 0) return { created: true };

  const [present] = await query<{ digest: string }>(
    database,
    'select digest from bundles where name = $1 and version = $2',
    [bundle.name, bundle.version],
  );
  if (present?.digest === bundle.digest) return { created: false };

  throw new PdpError(
    'conflict',
    `${bundle.name} ${bundle.version} exists with the digest ${present?.digest}: give the changed bundle another version`,
    { field: 'version' },
  );
}

/** @throws PdpError `not_found`. */
export async function getBundle(database: Database, digest: string): Promise<BundleInfo> {
  const [bundle] = await query<BundleInfo>(
    database,
    `select ${INFO_COLUMNS} from bundles where digest = $1`,
    [digest],
  );
  if (bundle === undefined) throw unknownBundle(digest);

  return bundle;
}

/**
 * The archive as it was stored.
 * @throws PdpError `not_found`.
 */
export async function getBundleArchive(database: Database, digest: string): Promise<Uint8Array> {
  const [row] = await query<{ archive: Buffer }>(database, 'select archive from bundles where digest = $1', [
    digest,
  ]);
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

/** One page of all bundles, newest first; `before` is the `next` of the page that came last. */
export async function listBundles(
  database: Database,
  { limit, before }: { readonly limit: number; readonly before?: bigint | undefined },
): Promise<BundlePage> {
  // One more than asked for tells whether another page follows.
  const rows = await query<BundleInfo & { number: string }>(
    database,
    `select number, ${INFO_COLUMNS} from bundles
     where $1::bigint is null or number < $1
     order by number desc limit $2`,
    [before ?? null, limit + 1],
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next = rows.length > limit && last !== undefined ? BigInt(last.number) : undefined;

  return { bundles: page.map(({ number: _, ...bundle }) => bundle), next };
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
