import { createSecretKey, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { decrypt, encrypt, KEY_BYTES } from '../../ledger/cipher.ts';
import type { Keyring } from '../../ledger/keyring.ts';
import { SnapshotError } from './snapshot-error.ts';

/** What a sealed file is for, and of which server: neither can be opened as another. */
export interface Binding {
  readonly kind: 'snapshot' | 'mark' | 'entities';
  readonly server: string;
}

const FORMAT = 1;
/** Longest first line that is read. */
const HEAD_BYTES = 1_024;
const LINE_FEED = 0x0a;

const HEAD = z.strictObject({ format: z.literal(FORMAT), kek_id: z.string(), key: z.base64() });

/**
 * Encrypts under a key of its own, which the keyring's active one wraps: AES-256-GCM, which nobody without the keyring can read or
 * make. The first line says by which key, so that a retired one still opens what it closed.
 */
export function seal(keyring: Keyring, binding: Binding, text: string): Buffer {
  const key = randomBytes(KEY_BYTES);
  const aad = bindingText(binding);
  const head = { format: FORMAT, kek_id: keyring.activeId, key: keyring.wrap(key, aad).toString('base64') };

  return Buffer.concat([
    Buffer.from(`${JSON.stringify(head)}\n`),
    encrypt(createSecretKey(key), Buffer.from(text), aad),
  ]);
}

/** @throws SnapshotError where it is not what {@link seal} gave for the same binding under a key of this ring. */
export function unseal(keyring: Keyring, binding: Binding, sealed: Buffer): string {
  const end = sealed.subarray(0, HEAD_BYTES).indexOf(LINE_FEED);
  const { data: head, error } = HEAD.safeParse(parseJson(sealed.subarray(0, Math.max(0, end)).toString()));
  if (head === undefined) {
    const unknown = error.issues.some(({ path: [member] }) => member === 'format');
    throw new SnapshotError(
      unknown
        ? 'it has a format that this version of Palisade does not know'
        : 'it does not begin as a snapshot does',
    );
  }

  const aad = bindingText(binding);
  const key = open(() => keyring.unwrap(head.kek_id, Buffer.from(head.key, 'base64'), aad), head.kek_id);

  return open(() => decrypt(createSecretKey(key), sealed.subarray(end + 1), aad), head.kek_id).toString();
}

function open(body: () => Buffer, kekId: string): Buffer {
  try {
    return body();
  } catch (cause) {
    const { code } = cause as { readonly code?: string };
    throw new SnapshotError(
      code === 'unavailable'
        ? `it was sealed with the key ${kekId}, which is not in this keyring`
        : 'it was altered, or belongs to another server or another keyring',
      cause,
    );
  }
}

function bindingText({ kind, server }: Binding): string {
  return JSON.stringify(['palisade', kind, FORMAT, server]);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
