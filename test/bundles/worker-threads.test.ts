import { once } from 'node:events';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { writeArchive } from '../../services/bundles/archive.ts';
import { checkInWorker } from '../../services/bundles/worker/check.ts';
import { takeThread } from '../../services/bundles/worker/threads.ts';
import { filesOf } from './files-of.ts';

const archive = writeArchive(filesOf());

/** The thread that the next job would have. */
async function nextThread(): Promise<number> {
  const thread = takeThread();
  const { threadId } = thread.worker;
  thread.giveBack();

  return threadId;
}

afterEach(() => takeThread().end());

describe('the thread of a job', () => {
  test('has the next one too, and what it answers is the same', async () => {
    const before = await nextThread();
    const first = await checkInWorker(archive);

    expect(await checkInWorker(archive)).toEqual(first);
    expect(await nextThread()).toBe(before);
  });

  test('is another one where the last job was refused, or ended before its time', async () => {
    const before = await nextThread();
    await expect(checkInWorker(Buffer.from('x'))).rejects.toMatchObject({ code: 'invalid_request' });
    const after = await nextThread();
    await expect(checkInWorker(archive, { deadlineMs: 1 })).rejects.toThrow('1 ms');

    expect(new Set([before, after, await nextThread()]).size).toBe(3);
  });

  test('is its own while it works', async () => {
    const before = await nextThread();
    const [first, second] = [takeThread(), takeThread()];
    const ids = [first, second].map(({ worker }) => worker.threadId);

    expect(new Set([before, ...ids]).size).toBe(2);
    await Promise.all([first.end(), second.end()]);
  });

  test('is its alone where it may take other memory', async () => {
    const before = await nextThread();
    const thread = takeThread(64);
    thread.giveBack();

    expect(thread.worker.threadId).not.toBe(before);
    expect(await nextThread()).toBe(before);
  });

  test('is another one where it died while nobody had it', async () => {
    const thread = takeThread();
    const before = thread.worker.threadId;
    await once(thread.worker, 'online');
    thread.giveBack();
    await thread.worker.terminate();

    expect(await nextThread()).not.toBe(before);
    expect(await checkInWorker(archive)).toMatchObject({ ok: true });
  });

  test('is not kept for long', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const before = await nextThread();
      vi.advanceTimersByTime(9_999);
      expect(await nextThread()).toBe(before);
      vi.advanceTimersByTime(10_000);
      expect(await nextThread()).not.toBe(before);
    } finally {
      vi.useRealTimers();
    }
  });

  test('is another one after many jobs', async () => {
    const ids = new Set<number>();
    for (let job = 0; job < 60; job += 1) ids.add(await nextThread());

    expect(ids.size).toBe(2);
  });
});
