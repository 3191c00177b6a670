import {
  createCipheriv,
  createSecretKey,
  hash,
  type KeyObject,
  randomBytes,
  randomFillSync,
} from 'node:crypto';
import { PdpError } from '../engine/error.ts';
import { decryptWith, KEY_BYTES, NONCE_BYTES } from './cipher.ts';
import type { Keyring } from './keyring.ts';

/** The exact request of one decision, encrypted; complete in itself but for the key-encryption key. Base64 texts. */
export interface InputPart {
  readonly kek_id: string;
  readonly wrapped_key: string;
  readonly nonce: string;
  /** AES-256-GCM over the commitment's key (32 bytes) and the input text in UTF-8, tag at the end. */
  readonly ciphertext: string;
}

/** What an input is bound to; opening it under another name fails. */
export interface InputBinding {
  readonly decision_id: string;
  readonly store: string | null;
  /** The record's time, RFC 3339 in UTC; its day chooses the data key. */
  readonly time: string;
}

export interface SealedInput {
  /** `hmac-sha256:<hex>`: goes into the record; says nothing once the input is erased, since its key is gone too. */
  readonly commitment: string;
  readonly part: InputPart;
}

export interface InputSealer {
  seal(text: string, binding: InputBinding): SealedInput;
}

/** Encrypts inputs, with one random data key per store and UTC day. */
export function createInputSealer(keyring: Keyring): InputSealer {
  const dataKeys = createDataKeys(keyring);
  const random = createRandomPool();

  return {
    seal(text, binding) {
      const { key, wrapped } = dataKeys(binding);
      const commitmentKey = random(KEY_BYTES);
      const nonce = random(NONCE_BYTES);

      const plain = Buffer.allocUnsafe(KEY_BYTES + Buffer.byteLength(text));
      plain.set(commitmentKey);
      plain.write(text, KEY_BYTES);

      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(binding.decision_id));
      const encrypted = cipher.update(plain);
      // Gives nothing more in this mode, and has the tag made.
      cipher.final();
      const ciphertext = Buffer.concat([encrypted, cipher.getAuthTag()]);

      return {
        commitment: commitmentOf(plain),
        part: {
          kek_id: keyring.activeId,
          wrapped_key: wrapped,
          nonce: nonce.toString('base64'),
          ciphertext: ciphertext.toString('base64'),
        },
      };
    },
  };
}

/**
 * Opens an input and holds it against the record's commitment.
 * @returns the exact input text.
 * @throws PdpError `unavailable` if the keyring lacks the key; `internal` if anything was altered or belongs to another record.
 */
export function openInput(
  keyring: Keyring,
  part: InputPart,
  binding: InputBinding,
  commitment: string,
): string {
  const { kek_id } = part;
  const [wrapped_key, nonce, ciphertext] = [part.wrapped_key, part.nonce, part.ciphertext].map((text) =>
    Buffer.from(text, 'base64'),
  ) as [Buffer, Buffer, Buffer];

  return createInputOpener(keyring).open({ kek_id, wrapped_key, nonce, ciphertext }, binding, commitment);
}

/** The same as {@link InputPart}, as bytes. */
export interface InputBytes {
  readonly kek_id: string;
  readonly wrapped_key: Buffer;
  readonly nonce: Buffer;
  readonly ciphertext: Buffer;
}

/** Opens many inputs, and unwraps each data key once. */
export interface InputOpener {
  /** @throws PdpError as {@link openInput} does. */
  open(part: InputBytes, binding: InputBinding, commitment: string): string;
}

export function createInputOpener(keyring: Keyring): InputOpener {
  const held = new Map<string, KeyObject>();

  return {
    open(part, binding, commitment) {
      const { nonce, ciphertext } = part;
      const key = dataKeyOf(part, dataKeyName(binding));
      const plain = decryptWith(key, nonce, ciphertext, binding.decision_id);
      if (commitmentOf(plain) !== commitment) {
        throw new PdpError('internal', 'the input is not the one that the record was written for');
      }

      return plain.toString('utf8', KEY_BYTES);
    },
  };

  function dataKeyOf({ kek_id, wrapped_key }: InputBytes, name: string): KeyObject {
    // The same bytes under another name would not unwrap, so the name is a part of what is held.
    const id = `${kek_id}\n${wrapped_key.toString('latin1')}\n${name}`;
    const known = held.get(id);
    if (known !== undefined) return known;

    const key = createSecretKey(keyring.unwrap(kek_id, wrapped_key, name));
    if (held.size >= DATA_KEYS_HELD) held.clear();
    held.set(id, key);

    return key;
  }
}

interface DataKey {
  readonly key: KeyObject;
  /** Base64. */
  readonly wrapped: string;
}

/** Bounds what one process holds; a key that falls out is simply followed by another. */
const DATA_KEYS_HELD = 1_000;

/** Uses of one key with random nonces; far below the 2^32 of NIST SP 800-38D, 8.3. */
const DATA_KEY_USES = 2 ** 28;

function createDataKeys(keyring: Keyring): (binding: InputBinding) => DataKey {
  const held = new Map<string, DataKey & { uses: number }>();

  return (binding) => {
    const name = dataKeyName(binding);
    const known = held.get(name);
    if (known !== undefined && known.uses < DATA_KEY_USES) {
      known.uses += 1;
      return known;
    }

    if (held.size >= DATA_KEYS_HELD) held.clear();
    const bytes = randomBytes(KEY_BYTES);
    const made = {
      key: createSecretKey(bytes),
      wrapped: keyring.wrap(bytes, name).toString('base64'),
      uses: 1,
    };
    held.set(name, made);
    return made;
  };
}

function dataKeyName({ store, time }: InputBinding): string {
  return `palisade input key v1\n${time.slice(0, 10)}\n${JSON.stringify(store)}`;
}

/** SHA-256 works on blocks of so many bytes, and a key of HMAC takes one. */
const BLOCK_BYTES = 64;
const HASH_BYTES = 32;
const INNER = 0x36;
const OUTER = 0x5c;

/**
 * HMAC-SHA256 (RFC 2104) as its two hashes: what Node has for it makes four objects of OpenSSL, which takes longer than both.
 * @param keyAndText a key of {@link KEY_BYTES}, then the text in UTF-8.
 */
function commitmentOf(keyAndText: Uint8Array): string {
  const textBytes = keyAndText.length - KEY_BYTES;
  const inner = Buffer.allocUnsafe(BLOCK_BYTES + textBytes);
  const outer = Buffer.allocUnsafe(BLOCK_BYTES + HASH_BYTES);
  for (let at = 0; at < BLOCK_BYTES; at += 1) {
    const byte = at < KEY_BYTES ? (keyAndText[at] ?? 0) : 0;
    inner[at] = byte ^ INNER;
    outer[at] = byte ^ OUTER;
  }
  inner.set(keyAndText.subarray(KEY_BYTES), BLOCK_BYTES);
  outer.set(hash('sha256', inner, 'buffer'), BLOCK_BYTES);

  return `hmac-sha256:${hash('sha256', outer)}`;
}

const RANDOM_POOL_BYTES = 8_192;

/** Random bytes from a buffer that is filled at once: a call each would cost as much as the hash. No byte is given twice. */
function createRandomPool(): (bytes: number) => Buffer {
  let pool = Buffer.alloc(0);

  return (bytes) => {
    if (pool.length < bytes) pool = randomFillSync(Buffer.allocUnsafeSlow(RANDOM_POOL_BYTES));
    const taken = pool.subarray(0, bytes);
    pool = pool.subarray(bytes);
    return taken;
  };
}
