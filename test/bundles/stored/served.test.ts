import { expect, test } from 'vitest';
import { writeArchive } from '../../../services/bundles/archive.ts';
import { bundleDigest } from '../../../services/bundles/digest.ts';
import { loadBundle } from '../../../services/bundles/load.ts';
import { storeBundle } from './store-bundle.ts';

test('a process that serves does not load a bundle that reads the store', async () => {
  const files = storeBundle();

  for (const evaluator of ['compiled', 'cedar'] as const) {
    await expect(loadBundle(writeArchive(files), bundleDigest(files), evaluator)).rejects.toMatchObject({
      code: 'precondition_failed',
      message: expect.stringContaining('Team has the source store'),
    });
  }
});
