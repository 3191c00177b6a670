import { describe, expect, test, vi } from 'vitest';
import { writeArchive } from '../../../services/bundles/archive.ts';
import { compileBundle } from '../../../services/bundles/compile.ts';
import { bundleDigest } from '../../../services/bundles/digest.ts';
import { loadInWorker } from '../../../services/bundles/worker/load.ts';
import { afterChanges, NOTHING_HELD } from '../../../services/pdp/entities/held-entities.ts';
import { NO_ENTITIES, readBy } from '../../../services/pdp/entities/store-entities.ts';
import type { VerificationCase } from '../../../services/pdp/verify/messages.ts';
import {
  createVerificationThread,
  type ThreadOptions,
  type VerificationThread,
} from '../../../services/pdp/verify/thread.ts';
import { storeBundle } from '../../bundles/stored/store-bundle.ts';
import { team, user } from '../entities/support/write.ts';
import { bundleFiles } from '../support/bundle.ts';

const archives = new Map(
  ['1.0.0', '2.0.0', '3.0.0'].map((version) => {
    const files = bundleFiles(version);

    return [bundleDigest(files), writeArchive(files)] as const;
  }),
);
const [first = '', second = '', third = ''] = archives.keys();

/** Of a bundle in which agents may read documents. */
function caseOf(digest: string, decision: 'allow' | 'deny' = 'allow'): VerificationCase {
  return {
    digest,
    input:
      '{"principal":{"type":"Agent","id":"a"},"action":{"type":"Action","id":"read"},"resource":{"type":"Doc","id":"d"},"context":{},"entities":[]}',
    facts: '{}',
    served: { decision, determining: ['agents-read'], failing: [] },
  };
}

async function archiveOf(digest: string): Promise<Uint8Array> {
  const archive = archives.get(digest);
  if (archive === undefined) throw new Error('no such bundle');

  return archive;
}

async function withThread(
  options: Partial<ThreadOptions>,
  body: (thread: VerificationThread) => Promise<void>,
): Promise<void> {
  const thread = createVerificationThread({ archiveOf, pauseMs: 0, ...options });
  try {
    await body(thread);
  } finally {
    await thread.close();
  }
}

const EQUAL = { kind: 'equal' };
const failed = (problem: RegExp) => ({ kind: 'failed', problem: expect.stringMatching(problem) as string });

describe('the thread', () => {
  test('judges by Cedar, and asks for a bundle only where it does not hold it', async () => {
    const fetched = vi.fn(archiveOf);
    await withThread({ archiveOf: fetched }, async ({ judge }) => {
      expect(await judge(caseOf(first), NO_ENTITIES)).toEqual(EQUAL);
      expect(await judge(caseOf(first, 'deny'), NO_ENTITIES)).toEqual({
        kind: 'different',
        served: 'deny by ["agents-read"], failing []',
        cedar: 'allow by ["agents-read"], failing []',
      });
      for (const digest of [second, first, third, first, second]) await judge(caseOf(digest), NO_ENTITIES);

      // The one that was not asked for the longest made room for the third.
      expect(fetched.mock.calls.flat()).toEqual([first, second, third, second]);
    });
  });

  test('judges by what the store held, which it asks for as far as it is named', async () => {
    const files = storeBundle();
    const digest = bundleDigest(files);
    const bundle = await compileBundle(await loadInWorker(writeArchive(files), digest));
    const told = [team('writers', 'evil'), user('a', 1, 'writers'), user('b', 1)].map(
      ({ uid, document }) => ({
        ...uid,
        document,
        sequence: 1n,
      }),
    );
    const entities = await readBy([bundle], afterChanges(NOTHING_HELD, told, 1n), NO_ENTITIES);
    const one = (id: string): VerificationCase => ({
      digest,
      input: `{"principal":{"type":"User","id":"${id}"},"action":{"type":"Action","id":"read"},"resource":{"type":"Doc","id":"d"},"context":{},"entities":[{"uid":{"type":"Doc","id":"d"},"attrs":{"public":true},"parents":[],"tags":{}}]}`,
      facts: '{}',
      served: { decision: 'deny', determining: ['not-of-evil'], failing: [] },
    });

    await withThread({ archiveOf: () => Promise.resolve(writeArchive(files)) }, async ({ judge }) => {
      expect(await judge(one('a'), entities)).toEqual(EQUAL);
      // Of a bundle that only the thread reads, which is told no more than it asks for.
      expect(await judge(one('a'), { ...entities, read: new Map() })).toEqual(EQUAL);
      expect(await judge(one('b'), entities)).toMatchObject({ cedar: 'deny by [], failing []' });
      expect(await judge(one('c'), entities)).toEqual(failed(/is missing/));
    });
  });

  test('says so where a bundle is not to be had, and asks again the next time', async () => {
    let away = true;
    const fetched = vi.fn((digest: string) =>
      away ? Promise.reject(new Error('no database')) : archiveOf(digest),
    );
    await withThread({ archiveOf: fetched }, async ({ judge }) => {
      expect(await judge(caseOf(first), NO_ENTITIES)).toEqual(failed(/not to be had/));
      away = false;
      expect(await judge(caseOf(first), NO_ENTITIES)).toEqual(EQUAL);
    });
  });

  test('does not try a bundle again that did not load', async () => {
    const fetched = vi.fn(() => archiveOf(second));
    await withThread({ archiveOf: fetched }, async ({ judge }) => {
      expect(await judge(caseOf(first), NO_ENTITIES)).toEqual(failed(/^the archive holds /));
      expect(await judge(caseOf(first), NO_ENTITIES)).toEqual(failed(/^the archive holds /));
      expect(fetched).toHaveBeenCalledTimes(1);
      expect(await judge(caseOf(second), NO_ENTITIES)).toEqual(EQUAL);
    });
  });

  test('is replaced where it does not answer in time', async () => {
    let hangs = true;
    await withThread(
      {
        deadlineMs: 5_000,
        archiveOf: (digest) => (hangs ? new Promise(() => undefined) : archiveOf(digest)),
      },
      async ({ judge }) => {
        expect(await judge(caseOf(first), NO_ENTITIES)).toEqual(failed(/not judged after/));
        hangs = false;
        expect(await judge(caseOf(first), NO_ENTITIES)).toEqual(EQUAL);
      },
    );
  });

  test('may die of its memory without taking anything along', async () => {
    await withThread({ memoryMb: 4 }, async ({ judge }) => {
      expect(await judge(caseOf(first), NO_ENTITIES)).toEqual(failed(/memory/));
      expect(await judge(caseOf(first), NO_ENTITIES)).toEqual(failed(/memory/));
    });
  });

  test('answers when it is closed, at work or waiting to be replaced', async () => {
    const thread = createVerificationThread({ archiveOf: () => new Promise(() => undefined) });
    const working = thread.judge(caseOf(first), NO_ENTITIES);
    setTimeout(() => void thread.close(), 500);

    expect(await working).toEqual(failed(/ended/));
    expect(await thread.judge(caseOf(first), NO_ENTITIES)).toEqual(failed(/abort/));
  });
});
