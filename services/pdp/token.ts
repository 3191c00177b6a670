import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * A bearer token: `pal_<credential id>_<secret>`. The id finds the credential, the secret proves it.
 * The secret is 32 random bytes, so a plain SHA-256 at rest leaves nothing to guess.
 */
export interface Token {
  readonly credentialId: string;
  readonly secret: string;
}

const FORM = /^pal_([a-z0-9]{16})_([A-Za-z0-9_-]{43})$/;

/** Makes a token and the hash that is kept of it. */
export function createToken(): {
  readonly token: string;
  readonly credentialId: string;
  readonly secretHash: Buffer;
} {
  const credentialId = createCredentialId();
  const secret = randomBytes(32).toString('base64url');

  return { token: `pal_${credentialId}_${secret}`, credentialId, secretHash: hashSecret(secret) };
}

/** The public name of a credential, which nothing can be guessed from. */
export function createCredentialId(): string {
  return randomBytes(8).toString('hex');
}

/** Reads a token's form; `undefined` where it has another. */
export function parseToken(token: string): Token | undefined {
  const match = FORM.exec(token);
  const [, credentialId, secret] = match ?? [];
  if (credentialId === undefined || secret === undefined) return undefined;

  return { credentialId, secret };
}

export function hashSecret(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

/** Whether two texts are the same, in a time that tells nothing of where they differ. */
export function isSameSecret(left: string, right: string): boolean {
  if (left.length !== right.length) return false;

  let difference = 0;
  for (let at = 0; at < left.length; at += 1) difference |= left.charCodeAt(at) ^ right.charCodeAt(at);

  return difference === 0;
}

/** Compares in constant time. */
export function matchesHash(secret: string, secretHash: Uint8Array): boolean {
  const presented = hashSecret(secret);

  return presented.length === secretHash.length && timingSafeEqual(presented, secretHash);
}
