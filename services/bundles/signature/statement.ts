import { PdpError } from '../../engine/error.ts';
import type { RawNode } from '../../engine/raw/raw.ts';
import { DIGEST_PATTERN } from '../digest.ts';

/** What a signature says: this bundle may run in this store, in this time. */
export interface Statement {
  readonly digest: string;
  /** Name of the bundle, which the digest covers too: a person who signs must be able to read what. */
  readonly bundle: string;
  /** The one policy store that it is for. */
  readonly store: string;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  /** Seconds since the epoch, from which on it says nothing any more. */
  readonly expiresAt: number;
}

/** What bundles and stores are called: `bundle.yaml` and the table of stores say the same. */
const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
/** 9999-12-31T23:59:59Z: the last second that RFC 3339 can write. */
export const LAST_SECOND = 253_402_300_799;

const MEMBERS = ['bundle', 'digest', 'exp', 'iat', 'store'];

/** The payload: members in the order of RFC 8785, which all values here satisfy by themselves. */
export function statementText({ bundle, digest, expiresAt, issuedAt, store }: Statement): string {
  return JSON.stringify({ bundle, digest, exp: expiresAt, iat: issuedAt, store });
}

/** @throws PdpError `invalid_request` where a member is missing, malformed or too many. */
export function readStatement(payload: ReadonlyMap<string, RawNode>): Statement {
  for (const name of payload.keys()) {
    if (!MEMBERS.includes(name)) {
      throw refused(`has ${JSON.stringify(name.slice(0, 64))}; exactly ${MEMBERS.join(', ')} are allowed`);
    }
  }

  const issuedAt = readSecond(payload, 'iat');
  const expiresAt = readSecond(payload, 'exp');
  if (expiresAt <= issuedAt) throw refused('has an exp that is not after its iat');

  return {
    digest: readText(payload, 'digest', DIGEST_PATTERN),
    bundle: readText(payload, 'bundle', NAME),
    store: readText(payload, 'store', NAME),
    issuedAt,
    expiresAt,
  };
}

function readText(payload: ReadonlyMap<string, RawNode>, name: string, form: RegExp): string {
  const value = payload.get(name);
  if (typeof value === 'string' && form.test(value)) return value;

  throw refused(`has no ${name} of the form ${form.source}`);
}

function readSecond(payload: ReadonlyMap<string, RawNode>, name: string): number {
  const value = payload.get(name);
  if (typeof value === 'bigint' && value >= 0n && value <= BigInt(LAST_SECOND)) return Number(value);

  throw refused(`has no ${name} in whole seconds since 1970`);
}

function refused(message: string): PdpError {
  return new PdpError('invalid_request', `the signature is refused: its payload ${message}`, {
    field: 'signature.payload',
  });
}
