import { PdpError } from '../engine/error.ts';
import type { ActiveCredential } from '../store/credentials.ts';
import { matchesHash, parseToken } from './token.ts';
import type { Caller } from './types.ts';

/** The credentials that are not revoked, by id. */
export type CredentialDirectory = ReadonlyMap<string, ActiveCredential>;

export function credentialDirectory(credentials: readonly ActiveCredential[]): CredentialDirectory {
  return new Map(credentials.map((credential) => [credential.id, credential]));
}

/** The store that calls without a credential are decided in. */
export const ANONYMOUS_STORE = 'default';

const ANONYMOUS: Caller = {
  subject: 'anonymous',
  credential_id: undefined,
  role: 'anonymous',
  stores: [ANONYMOUS_STORE],
  principals: undefined,
  full_detail: false,
};

/** Stands in for a credential that is not there, so that an unknown id costs the same comparison as a wrong secret. */
const NO_HASH = new Uint8Array(32);

/**
 * Names the caller behind a bearer token.
 * @param now milliseconds since the epoch.
 * @throws PdpError `unauthenticated`: one text for every cause, so that nothing is learned from it.
 */
export function authenticateToken(credentials: CredentialDirectory, token: string, now: number): Caller {
  const parsed = parseToken(token);
  const credential = parsed === undefined ? undefined : credentials.get(parsed.credentialId);
  const proved = matchesHash(parsed?.secret ?? '', credential?.secretHash ?? NO_HASH);
  const expired =
    credential !== undefined && credential.expiresAt !== null && credential.expiresAt.getTime() <= now;
  if (credential === undefined || !proved || expired) {
    throw new PdpError('unauthenticated', 'this credential is unknown, revoked or expired');
  }

  return {
    subject: credential.name,
    credential_id: credential.id,
    role: credential.role,
    stores: credential.stores,
    principals: credential.principals ?? undefined,
    full_detail: credential.fullDetail,
  };
}

/**
 * Names a caller without a token.
 * @throws PdpError `unauthenticated` unless the call came over loopback and anonymous decisions are on.
 */
export function authenticateAnonymous(loopback: boolean, anonymousAllowed: boolean): Caller {
  if (loopback && anonymousAllowed) return ANONYMOUS;

  throw new PdpError('unauthenticated', 'a credential is required: authorization: Bearer pal_…');
}
