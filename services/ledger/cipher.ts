import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';
import { PdpError } from '../engine/error.ts';

/** AES-256-GCM throughout (NIST SP 800-38D): 32-byte keys, 12-byte nonces, 16-byte tags. */
export const KEY_BYTES = 32;
export const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** AES-256-GCM with a fresh random nonce: nonce, ciphertext, tag. */
export function encrypt(key: KeyObject, plain: Uint8Array, aad: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(aad));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** @throws PdpError `internal` if the key, the bytes or the associated data are not those of `encrypt`. */
export function decrypt(key: KeyObject, sealed: Uint8Array, aad: string): Buffer {
  try {
    const body = sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(aad)).setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    return Buffer.concat([decipher.update(body), decipher.final()]);
  } catch (cause) {
    throw new PdpError('internal', 'what was encrypted does not open: wrong key, or altered', { cause });
  }
}
