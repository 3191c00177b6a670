import type pg from 'pg';
import { writeArchive } from '../../../services/bundles/archive.ts';
import { bundleDigest } from '../../../services/bundles/digest.ts';
import { insertBundle } from '../../../services/store/bundles.ts';
import { activate } from '../../../services/store/change-deployment.ts';
import { bundleFiles } from './bundle.ts';

/** Stores a version of the bundle and makes it the active one of a store; gives its digest. */
export async function deployVersion(pool: pg.Pool, version: string, store = 'default'): Promise<string> {
  const files = bundleFiles(version);
  const digest = bundleDigest(files);
  await insertBundle(pool, {
    digest,
    name: 'docs',
    version,
    description: '',
    manifest: {},
    cedarVersion: '4.0.0',
    archive: writeArchive(files),
    createdBy: 'test',
  });
  await activate(pool, { store, digest, expectedSequence: undefined, author: 'test', reason: '' });

  return digest;
}
