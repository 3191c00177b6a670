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
  return decryptWith(key, sealed.subarray(0, NONCE_BYTES), sealed.subarray(NONCE_BYTES), aad);
}

/** The same where the nonce lies apart. @param sealed the ciphertext, then the tag. */
export function decryptWith(key: KeyObject, nonce: Uint8Array, sealed: Uint8Array, aad: string): Buffer {
  try {
    const end = sealed.length - TAG_BYTES;
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(aad)).setAuthTag(sealed.subarray(end));
    const plain = decipher.update(sealed.subarray(0, end));
    // Gives nothing more in this mode, and throws where the tag is another.
    decipher.final();

    return plain;
  } catch (cause) {
    throw new PdpError('internal', 'what was encrypted does not open: wrong key, or altered', { cause });
  }
}
