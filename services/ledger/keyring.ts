import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { z } from 'zod';
import { PdpError } from '../engine/error.ts';
import { decrypt, encrypt, KEY_BYTES } from './cipher.ts';
import { createPrivateFile } from './private-file.ts';

const keyringFile = z.strictObject({
  version: z.literal(1),
  active: z.string(),
  keys: z
    .array(
      z.strictObject({
        id: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
        key: z.base64().refine((text) => Buffer.from(text, 'base64').length === KEY_BYTES, 'needs 32 bytes'),
        created_at: z.iso.datetime(),
      }),
    )
    .min(1),
});

/** The key-encryption keys: one wraps, all unwrap, so that a retired one still reads what it wrapped. */
export interface Keyring {
  readonly activeId: string;
  /** Encrypts a data key under the active key; only `unwrap` with the same binding opens it. */
  wrap(dataKey: Uint8Array, binding: string): Buffer;
  /** @throws PdpError `unavailable` if the key is not in the ring, `internal` if the bytes or the binding are not what was wrapped. */
  unwrap(kekId: string, wrapped: Uint8Array, binding: string): Buffer;
}

/**
 * Reads a keyring file.
 * @throws PdpError `unavailable` if it cannot be read, is open to group or others, or is malformed; never quotes a key.
 */
export async function readKeyring(path: string): Promise<Keyring> {
  const parsed = keyringFile.safeParse(parseJson(await readPrivate(path), path));
  if (!parsed.success) {
    const where = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    throw new PdpError('unavailable', `the keyring ${path} is malformed (${where})`);
  }

  const keys = new Map(
    parsed.data.keys.map(({ id, key }) => [id, createSecretKey(Buffer.from(key, 'base64'))]),
  );
  if (keys.size !== parsed.data.keys.length) {
    throw new PdpError('unavailable', `the keyring ${path} repeats a key id`);
  }

  return keyringOf(parsed.data.active, keys, path);
}

/**
 * Makes a keyring with one new key, mode 0600; appears whole or not at all.
 * @throws PdpError `conflict` if the file exists: an existing ring is never replaced.
 */
export async function createKeyring(path: string, now = new Date()): Promise<void> {
  const id = `kek-${now.toISOString().slice(0, 10)}-${randomBytes(4).toString('hex')}`;
  const key = { id, key: randomBytes(KEY_BYTES).toString('base64'), created_at: now.toISOString() };
  const text = `${JSON.stringify({ version: 1, active: id, keys: [key] }, null, 2)}\n`;
  try {
    await createPrivateFile(path, text);
  } catch (cause) {
    throw new PdpError('conflict', `the keyring ${path} exists already or cannot be made`, { cause });
  }
}

async function readPrivate(path: string): Promise<string> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new PdpError('unavailable', `the keyring ${path} cannot be read`, { cause });
  });
  try {
    const { mode } = await file.stat();
    if ((mode & 0o077) !== 0) {
      throw new PdpError('unavailable', `the keyring ${path} is open to group or others: chmod 600 ${path}`);
    }

    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, and the text is keys.
    throw new PdpError('unavailable', `the keyring ${path} is not JSON`);
  }
}

function keyringOf(activeId: string, keys: ReadonlyMap<string, KeyObject>, path: string): Keyring {
  const active = keys.get(activeId);
  if (active === undefined) {
    throw new PdpError('unavailable', `the keyring ${path} lacks its active key ${activeId}`);
  }

  return {
    activeId,
    wrap: (dataKey, binding) => encrypt(active, dataKey, binding),
    unwrap(kekId, wrapped, binding) {
      const key = keys.get(kekId);
      if (key === undefined) throw new PdpError('unavailable', `the keyring lacks the key ${kekId}`);

      return decrypt(key, wrapped, binding);
    },
  };
}
