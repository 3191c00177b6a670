import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { PdpError } from '../../engine/error.ts';
import { parseJson } from '../../engine/raw/json.ts';
import { type RawNode, RawObject } from '../../engine/raw/raw.ts';
import { decodeBase64url } from './base64url.ts';
import { isSoundPoint } from './point.ts';

/** A public key that bundles are signed for. */
export interface VerifyingKey {
  /** Its RFC 7638 thumbprint (SHA-256, base64url): what signatures name it by. */
  readonly id: string;
  /** The key itself, 32 bytes in base64url (RFC 8037, section 2). */
  readonly x: string;
}

/** A private key, with the public one that belongs to it. */
export interface SigningKey extends VerifyingKey {
  readonly privateKey: KeyObject;
}

/** A public key as JWK (RFC 7517) with all that is known of it. */
export interface PublicJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly kid: string;
  readonly use: 'sig';
  readonly alg: 'EdDSA';
}

/** The same with the secret. */
export interface PrivateJwk extends PublicJwk {
  readonly d: string;
}

/** Makes a key, as the JWK to be kept. */
export function generateKey(): PrivateJwk {
  const { x = '', d = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });

  return { ...publicJwk({ id: thumbprint(x), x }), d };
}

export function publicJwk({ id, x }: VerifyingKey): PublicJwk {
  return { kty: 'OKP', crv: 'Ed25519', x, kid: id, use: 'sig', alg: 'EdDSA' };
}

/**
 * Names a public key by its 32 bytes.
 * @throws PdpError `invalid_request` where they are none, or a point for which anybody could sign.
 */
export function verifyingKey(x: string): VerifyingKey {
  const bytes = decodeBase64url(x);
  if (bytes?.length !== 32) throw refused('x is not 32 bytes in base64url');
  if (!isSoundPoint(bytes))
    throw refused('x is a point for which signatures can be made without a private key');

  return { id: thumbprint(x), x };
}

/**
 * Reads a public key from a JWK text. What it says of itself must hold; members that JWK does not know are ignored (RFC 7517,
 * section 4).
 * @throws PdpError `invalid_request` for everything else, a private key included: it does not belong where public ones do.
 */
export function readPublicKey(text: string | Uint8Array): VerifyingKey {
  const jwk = readJwk(text);
  if (jwk.has('d'))
    throw refused('this is a private key; `palisade keys public` prints the public one of it');

  return keyOf(jwk);
}

/**
 * Reads a private key from a JWK text.
 * @throws PdpError `invalid_request`, never quoting the key; also where `x` is not the public key of `d`.
 */
export function readSigningKey(text: string | Uint8Array): SigningKey {
  const jwk = readJwk(text);
  const key = keyOf(jwk);
  const d = jwk.get('d');
  if (d === undefined) throw refused('this is a public key; signing needs the private one');
  if (typeof d !== 'string' || decodeBase64url(d)?.length !== 32)
    throw refused('d is not 32 bytes in base64url');

  const privateKey = createPrivateKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', d, x: key.x } });
  if (createPublicKey(privateKey).export({ format: 'jwk' }).x !== key.x)
    throw refused('x is not the public key of d');

  return { ...key, privateKey };
}

/** The key in the form in which Node verifies by it. */
export function keyObjectOf({ x }: VerifyingKey): KeyObject {
  return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } });
}

/** RFC 7638 with the members that RFC 8037, section 2, requires of an OKP key. */
function thumbprint(x: string): string {
  return createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url');
}

type Jwk = ReadonlyMap<string, RawNode>;

function readJwk(text: string | Uint8Array): Jwk {
  const node = parsed(text);
  if (!(node instanceof RawObject)) throw refused('a JWK is a JSON object');

  return node.entries;
}

function parsed(text: string | Uint8Array): RawNode {
  try {
    return parseJson(text, 'key');
  } catch {
    // The reader's own message may quote the text, and the text may be a secret.
    throw refused('this is not JSON');
  }
}

function keyOf(jwk: Jwk): VerifyingKey {
  for (const [name, wanted] of [
    ['kty', 'OKP'],
    ['crv', 'Ed25519'],
  ] as const) {
    if (jwk.get(name) !== wanted) throw refused(`${name} is not ${wanted}: bundles are signed with Ed25519`);
  }
  for (const [name, wanted] of [
    ['use', 'sig'],
    ['alg', 'EdDSA'],
  ] as const) {
    if (jwk.has(name) && jwk.get(name) !== wanted) throw refused(`${name} is not ${wanted}`);
  }

  const x = jwk.get('x');
  if (typeof x !== 'string') throw refused('x is missing');
  const key = verifyingKey(x);
  if (jwk.has('kid') && jwk.get('kid') !== key.id)
    throw refused(`kid is not the thumbprint of the key (${key.id})`);

  return key;
}

function refused(message: string): PdpError {
  return new PdpError('invalid_request', `the key is refused: ${message}`, { field: 'key' });
}
