import { describe, expect, test } from 'vitest';
import { writeArchive } from '../../services/bundles/archive.ts';
import { checkBundle } from '../../services/bundles/check.ts';
import { bundleDigest } from '../../services/bundles/digest.ts';
import { loadBundle } from '../../services/bundles/load.ts';
import { checkInWorker } from '../../services/bundles/worker/check.ts';
import { loadInWorker } from '../../services/bundles/worker/load.ts';
import { filesOf } from './files-of.ts';

const files = filesOf();
const archive = writeArchive(files);
const digest = bundleDigest(files);

/** Policies enough for several batches, and for a while. */
function manyPolicies(count: number): string {
  const lines = Array.from(
    { length: count },
    (_, at) =>
      `@id("p${at}") permit(principal == User::"${at}", action == Action::"view", resource) when { principal.level > ${at} };\n`,
  );

  return lines.join('');
}

describe('a worker', () => {
  test('checks an archive as this thread does', async () => {
    expect(await checkInWorker(archive)).toEqual(await checkBundle(files));
  });

  test('checks files as this thread does', async () => {
    const broken = filesOf({ 'extra.cedar': 'permit(principal, action, resource);' });

    expect(await checkInWorker(broken)).toEqual(await checkBundle(broken));
  });

  test('loads a bundle as this thread does', async () => {
    expect(await loadInWorker(archive, digest)).toEqual(await loadBundle(archive, digest, 'compiled'));
  });

  test('hands over many policies in batches, complete and in order', async () => {
    const many = filesOf({ 'extra.cedar': manyPolicies(1_700) });
    const { policies } = await loadInWorker(writeArchive(many), bundleDigest(many));

    expect(policies.map(({ id }) => id)).toEqual([
      ...Array.from({ length: 1_700 }, (_, at) => `p${at}`),
      'staff-view',
      'no-secrets',
    ]);
  });

  test('refuses an archive that is another bundle', async () => {
    const other = writeArchive(filesOf({ 'extra.cedar': '' }));

    await expect(loadInWorker(other, digest)).rejects.toMatchObject({ code: 'precondition_failed' });
  });

  test('refuses to load what does not pass the rules of reading', async () => {
    const broken = filesOf({ 'extra.cedar': 'permit(principal, action, resource);' });

    await expect(loadInWorker(writeArchive(broken), bundleDigest(broken))).rejects.toMatchObject({
      code: 'invalid_request',
      cause: { message: expect.stringContaining('needs an @id') },
    });
  });

  test('passes on what it refuses', async () => {
    await expect(checkInWorker(Buffer.from('x'))).rejects.toMatchObject({
      code: 'invalid_request',
      field: 'bundle',
    });
  });

  test('is ended at its deadline', async () => {
    const slow = filesOf({ 'extra.cedar': manyPolicies(50_000) });

    await expect(checkInWorker(slow, { deadlineMs: 300 })).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('300 ms'),
    });
  });

  test('that runs out of memory takes nothing else down', async () => {
    const large = filesOf({ 'extra.cedar': manyPolicies(50_000) });

    await expect(checkInWorker(large, { memoryMb: 16 })).rejects.toMatchObject({ code: 'invalid_request' });
    expect(await checkInWorker(archive)).toMatchObject({ ok: true });
  });

  test('is ended when its caller no longer waits', async () => {
    const controller = new AbortController();
    const checking = checkInWorker(filesOf({ 'extra.cedar': manyPolicies(50_000) }), {
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(new Error('gone')), 200);

    await expect(checking).rejects.toThrow('gone');
  });
});
