import { sign, verify } from 'node:crypto';
import { PdpError, toPdpError } from '../../engine/error.ts';
import { exceedsLimit, LIMITS } from '../../engine/limits.ts';
import { parseJson } from '../../engine/raw/json.ts';
import { type RawNode, RawObject } from '../../engine/raw/raw.ts';
import { decodeBase64url } from './base64url.ts';
import { keyObjectOf, type SigningKey, type VerifyingKey } from './keys.ts';
import { readStatement, type Statement, statementText } from './statement.ts';

/** A signature that is well-formed. Whether it is anybody's, {@link isSignedBy} says; whether it is good now, {@link ./judge.ts}. */
export interface BundleSignature {
  /** The whole of it, as it is kept and compared. */
  readonly text: string;
  readonly statement: Statement;
  /** Thumbprint of the key that it claims to be made with. */
  readonly keyId: string;
}

/** RFC 7515, section 4.1.9: nothing else that an Ed25519 key signs can be taken for a bundle's signature. */
const TYPE = 'palisade-bundle+jws';
const ALGORITHM = 'EdDSA';
const SIGNATURE_BYTES = 64;
const FORM = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;
const KEY_ID = /^[A-Za-z0-9_-]{43}$/;

/** Signs a statement: a JWS in compact serialization (RFC 7515, section 7.1) with EdDSA (RFC 8037, section 3.1). */
export function signStatement(statement: Statement, key: SigningKey): string {
  const header = JSON.stringify({ alg: ALGORITHM, kid: key.id, typ: TYPE });
  const input = `${encode(header)}.${encode(statementText(statement))}`;

  return `${input}.${sign(null, Buffer.from(input), key.privateKey).toString('base64url')}`;
}

/**
 * Reads a signature from anyone. The header has exactly `alg`, `kid` and `typ`: no key comes with it, nothing in it chooses how
 * it is verified, and there is nothing to be ignored.
 * @throws PdpError `too_large` over `signature_bytes`, `invalid_request` with what is wrong.
 */
export function parseSignature(text: string): BundleSignature {
  if (text.length > LIMITS.signature_bytes) throw exceedsLimit('signature_bytes', 'signature');

  const [, header, payload, signature] = FORM.exec(text) ?? [];
  if (header === undefined || payload === undefined || signature === undefined) {
    throw refused('it is no compact JWS: three parts in base64url with a dot between them');
  }
  if (decode(signature, 'signature').length !== SIGNATURE_BYTES) {
    throw refused(`an Ed25519 signature has ${SIGNATURE_BYTES} bytes`);
  }

  return {
    text,
    keyId: readHeader(objectIn(header, 'header')),
    statement: readStatement(objectIn(payload, 'payload')),
  };
}

/** Whether the key made the signature, over exactly these bytes. */
export function isSignedBy({ text, keyId }: BundleSignature, key: VerifyingKey): boolean {
  if (keyId !== key.id) return false;

  const end = text.lastIndexOf('.');

  return verify(
    null,
    Buffer.from(text.slice(0, end)),
    keyObjectOf(key),
    Buffer.from(text.slice(end + 1), 'base64url'),
  );
}

/** The key's id. */
function readHeader(header: ReadonlyMap<string, RawNode>): string {
  for (const name of header.keys()) {
    if (!['alg', 'kid', 'typ'].includes(name)) {
      throw refused(
        `its header has ${JSON.stringify(name.slice(0, 64))}; exactly alg, kid and typ are allowed`,
      );
    }
  }
  if (header.get('alg') !== ALGORITHM) throw refused(`its alg is not ${ALGORITHM}, the only one there is`);
  if (header.get('typ') !== TYPE) throw refused(`its typ is not ${TYPE}: it was made for something else`);

  const kid = header.get('kid');
  if (typeof kid === 'string' && KEY_ID.test(kid)) return kid;

  throw refused('its kid is not the thumbprint of a key');
}

function objectIn(part: string, name: string): ReadonlyMap<string, RawNode> {
  const node = parsed(decode(part, name), name);
  if (node instanceof RawObject) return node.entries;

  throw refused(`its ${name} is not a JSON object`);
}

function parsed(bytes: Buffer, name: string): RawNode {
  try {
    return parseJson(bytes, `its ${name}`);
  } catch (thrown) {
    throw refused(`its ${name} is not read: ${toPdpError(thrown).message}`);
  }
}

function decode(part: string, name: string): Buffer {
  const bytes = decodeBase64url(part);
  if (bytes !== undefined) return bytes;

  throw refused(`its ${name} is not base64url in its one spelling`);
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function refused(message: string): PdpError {
  return new PdpError('invalid_request', `the signature is refused: ${message}`, { field: 'signature' });
}
