import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createInputSealer, type InputPart, openInput } from '../../services/ledger/input.ts';
import { createKeyring, type Keyring, readKeyring } from '../../services/ledger/keyring.ts';
import { INPUT } from './support/entries.ts';
import { newKeyring, withFolder } from './support/ledgers.ts';

const BINDING = {
  decision_id: '01932b1e-4c00-7000-8000-000000000001',
  store: 'default',
  time: '2026-11-22T10:00:00.000Z',
};

function withKeyring<Result>(body: (keyring: Keyring, folder: string) => Promise<Result>): Promise<Result> {
  return withFolder(async (folder) => body(await newKeyring(folder), folder));
}

function altered(base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  return bytes.toString('base64');
}

describe('an encrypted input', () => {
  test('opens to exactly the text that was sealed', async () => {
    await withKeyring(async (keyring) => {
      const { seal } = createInputSealer(keyring);
      fc.assert(
        fc.property(fc.string({ unit: 'grapheme' }), (text) => {
          const { part, commitment } = seal(text, BINDING);

          expect(openInput(keyring, part, BINDING, commitment)).toBe(text);
        }),
      );
    });
  });

  test('shows nothing of itself, and nothing that two equal ones share', async () => {
    await withKeyring(async (keyring) => {
      const { seal } = createInputSealer(keyring);
      const [one, two] = [seal(INPUT, BINDING), seal(INPUT, BINDING)];

      expect(one.commitment).not.toBe(two.commitment);
      expect(one.part.nonce).not.toBe(two.part.nonce);
      expect(one.part.ciphertext).not.toBe(two.part.ciphertext);
      expect(Buffer.from(one.part.ciphertext, 'base64').toString('latin1')).not.toContain('build-bot');
    });
  });

  test('has a data key per store and day', async () => {
    await withKeyring(async (keyring) => {
      const { seal } = createInputSealer(keyring);
      const keyOf = (changes: Partial<typeof BINDING>) =>
        seal(INPUT, { ...BINDING, ...changes }).part.wrapped_key;

      expect(keyOf({ time: '2026-11-22T23:59:59.999Z' })).toBe(keyOf({}));
      expect(keyOf({ time: '2026-11-23T00:00:00.000Z' })).not.toBe(keyOf({}));
      expect(keyOf({ store: 'payments' })).not.toBe(keyOf({}));
    });
  });

  test.each([
    ['ciphertext', (part: InputPart) => ({ ...part, ciphertext: altered(part.ciphertext) })],
    ['nonce', (part: InputPart) => ({ ...part, nonce: altered(part.nonce) })],
    ['wrapped key', (part: InputPart) => ({ ...part, wrapped_key: altered(part.wrapped_key) })],
    [
      'ciphertext that is cut off',
      (part: InputPart) => ({ ...part, ciphertext: part.ciphertext.slice(0, 16) }),
    ],
  ])('does not open with an altered %s', async (_what, alter) => {
    await withKeyring(async (keyring) => {
      const { part, commitment } = createInputSealer(keyring).seal(INPUT, BINDING);

      expect(() => openInput(keyring, alter(part), BINDING, commitment)).toThrow('wrong key, or altered');
    });
  });

  test.each([
    { decision_id: '01932b1e-4c00-7000-8000-000000000002' },
    { store: 'payments' },
    { time: '2026-11-23T00:00:00.000Z' },
  ])('does not open for another record (%o)', async (changes) => {
    await withKeyring(async (keyring) => {
      const { part, commitment } = createInputSealer(keyring).seal(INPUT, BINDING);

      expect(() => openInput(keyring, part, { ...BINDING, ...changes }, commitment)).toThrow(
        'wrong key, or altered',
      );
    });
  });

  test('is refused where the record commits to another text', async () => {
    await withKeyring(async (keyring) => {
      const { seal } = createInputSealer(keyring);
      const { part } = seal(INPUT, BINDING);
      const { commitment } = seal(`${INPUT} `, BINDING);

      expect(() => openInput(keyring, part, BINDING, commitment)).toThrow('not the one');
    });
  });

  test('opens with a retired key, and not with a ring that lacks it', async () => {
    await withKeyring(async (keyring, folder) => {
      const { part, commitment } = createInputSealer(keyring).seal(INPUT, BINDING);
      const old = JSON.parse(await readFile(join(folder, 'keyring.json'), 'utf8'));
      await createKeyring(join(folder, 'next.json'));
      const next = JSON.parse(await readFile(join(folder, 'next.json'), 'utf8'));
      await writeFile(
        join(folder, 'rotated.json'),
        JSON.stringify({ version: 1, active: next.active, keys: [...old.keys, ...next.keys] }),
        { mode: 0o600 },
      );
      const rotated = await readKeyring(join(folder, 'rotated.json'));

      expect(openInput(rotated, part, BINDING, commitment)).toBe(INPUT);
      expect(createInputSealer(rotated).seal(INPUT, BINDING).part.kek_id).toBe(next.active);
      const lacking = await readKeyring(join(folder, 'next.json'));
      expect(() => openInput(lacking, part, BINDING, commitment)).toThrow('lacks the key');
    });
  });
});

describe('a keyring file', () => {
  test('is made for its owner alone and never replaced', async () => {
    await withKeyring(async (keyring, folder) => {
      const path = join(folder, 'keyring.json');
      const before = await readFile(path, 'utf8');

      expect((await stat(path)).mode & 0o777).toBe(0o600);
      await expect(createKeyring(path)).rejects.toMatchObject({ code: 'conflict' });
      expect(await readFile(path, 'utf8')).toBe(before);
      expect(keyring.activeId).toMatch(/^kek-\d{4}-\d{2}-\d{2}-[0-9a-f]{8}$/);
    });
  });

  test('is made once, however many try at the same time', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'keyring.json');
      const results = await Promise.allSettled(Array.from({ length: 20 }, () => createKeyring(path)));

      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      await readKeyring(path);
    });
  });

  test.each([0o640, 0o604, 0o660, 0o644])('is refused with mode %o', async (mode) => {
    await withKeyring(async (_keyring, folder) => {
      const path = join(folder, 'keyring.json');
      await chmod(path, mode);

      await expect(readKeyring(path)).rejects.toThrow('chmod 600');
    });
  });

  test.each([
    ['is not JSON', 'AAAA secret'],
    ['lacks its active key', JSON.stringify({ version: 1, active: 'a', keys: [key('b')] })],
    ['repeats an id', JSON.stringify({ version: 1, active: 'a', keys: [key('a'), key('a')] })],
    [
      'has a short key',
      JSON.stringify({ version: 1, active: 'a', keys: [{ ...key('a'), key: 'c2VjcmV0' }] }),
    ],
    ['is of another version', JSON.stringify({ version: 2, active: 'a', keys: [key('a')] })],
  ])('that %s is refused without quoting it', async (_why, text) => {
    await withFolder(async (folder) => {
      const path = join(folder, 'keyring.json');
      await writeFile(path, text, { mode: 0o600 });

      const error: unknown = await readKeyring(path).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'unavailable' });
      expect(String(error)).not.toMatch(/secret|c2VjcmV0/);
    });
  });
});

function key(id: string) {
  return { id, key: Buffer.alloc(32, 7).toString('base64'), created_at: '2026-11-22T10:00:00Z' };
}
