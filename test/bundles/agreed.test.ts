import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeArchive } from '../../services/bundles/archive.ts';
import { bundleDigest } from '../../services/bundles/digest.ts';
import { hasAgreed, noteAgreed } from '../../services/bundles/worker/agreed.ts';
import { checkInWorker } from '../../services/bundles/worker/check.ts';
import { loadInWorker } from '../../services/bundles/worker/load.ts';
import { WITH_WRONG_EVALUATOR } from '../e2e/support/wrong-evaluator.ts';
import { filesOf } from './files-of.ts';
import { manifestOfVersion } from './support/versions.ts';

describe('a bundle that the compiled evaluator judges otherwise than Cedar', () => {
  test('is not loaded, unless this process has seen them agree on it', () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(import.meta.dirname, 'support/load-wrongly.ts')],
      { env: { ...process.env, ...WITH_WRONG_EVALUATOR }, encoding: 'utf8' },
    );

    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.trim().split('\n')).toEqual([
      'for Cedar: loaded',
      'for the compiled evaluator: precondition_failed',
      'for the compiled evaluator: precondition_failed',
      'for the compiled evaluator, having agreed: loaded',
    ]);
  });
});

describe('evaluators have agreed on a bundle', () => {
  test('that was checked without an error', async () => {
    const files = filesOf(manifestOfVersion('2.0.0'));
    expect(hasAgreed(bundleDigest(files))).toBe(false);
    await checkInWorker(files);

    expect(hasAgreed(bundleDigest(files))).toBe(true);
  });

  test('that was loaded for the compiled evaluator, and not one that was loaded for Cedar', async () => {
    const files = filesOf(manifestOfVersion('2.0.1'));
    const digest = bundleDigest(files);
    await loadInWorker(writeArchive(files), digest, 'cedar');
    expect(hasAgreed(digest)).toBe(false);
    await loadInWorker(writeArchive(files), digest, 'compiled');

    expect(hasAgreed(digest)).toBe(true);
  });

  test('but not on one that was checked and has an error', async () => {
    const files = filesOf({
      ...manifestOfVersion('2.0.2'),
      'extra.cedar': 'permit(principal, action, resource);',
    });
    await checkInWorker(files);

    expect(hasAgreed(bundleDigest(files))).toBe(false);
  });

  test('as long as there are not too many others', () => {
    noteAgreed('sha256:first');
    for (let at = 0; at < 9_999; at += 1) noteAgreed(`sha256:${at}`);
    expect(hasAgreed('sha256:first')).toBe(true);
    noteAgreed('sha256:last');

    expect([hasAgreed('sha256:first'), hasAgreed('sha256:last')]).toEqual([false, true]);
  });
});
