import { PdpError } from '../engine/error.ts';
import { type ActiveCredential, ANONYMOUS_SUBJECT, unknownCredential } from '../store/credentials.ts';
import { isSameSecret, matchesHash, parseToken, type Token } from './token.ts';
import type { RateLimit } from './token-bucket.ts';
import type { Caller } from './types.ts';

/** The credentials that are not revoked, by id. */
export type CredentialDirectory = ReadonlyMap<string, ActiveCredential>;

export function credentialDirectory(credentials: readonly ActiveCredential[]): CredentialDirectory {
  return new Map(credentials.map((credential) => [credential.id, credential]));
}

/** The store that calls without a credential are decided in. */
export const ANONYMOUS_STORE = 'default';

const ANONYMOUS: Caller = {
  subject: ANONYMOUS_SUBJECT,
  credential_id: undefined,
  roles: ['anonymous'],
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
  const proved = prove(parsed, credential);
  const expired =
    credential !== undefined && credential.expiresAt !== null && credential.expiresAt.getTime() <= now;
  if (proved === undefined || expired) throw unknownCredential();

  return proved.caller;
}

/** A credential whose secret was shown once, and whom it names. */
interface Proof {
  readonly secret: string;
  readonly caller: Caller;
}

/** Gone with the credentials that they prove, so a revocation ends them. */
const proofs = new WeakMap<ActiveCredential, Proof>();

/** Hashing the secret of each call would cost as much as evaluating its policies. What is not known yet, or wrong, is hashed. */
function prove(token: Token | undefined, credential: ActiveCredential | undefined): Proof | undefined {
  const known = credential === undefined ? undefined : proofs.get(credential);
  if (known !== undefined && token !== undefined && isSameSecret(known.secret, token.secret)) return known;

  const matches = matchesHash(token?.secret ?? '', credential?.secretHash ?? NO_HASH);
  if (!matches || token === undefined || credential === undefined || credential.secretHash === null) {
    return undefined;
  }

  const proof = { secret: token.secret, caller: callerOf(credential) };
  proofs.set(credential, proof);

  return proof;
}

/** Whom a credential names, once it is proved. */
export function callerOf(credential: ActiveCredential): Caller {
  const { name, id, roles, stores, principals, fullDetail } = credential;

  return {
    subject: name,
    credential_id: id,
    roles,
    stores,
    principals: principals ?? undefined,
    full_detail: fullDetail,
    rate_limit: rateLimitOf(credential),
  };
}

function rateLimitOf({ ratePerSecond, burst }: ActiveCredential): RateLimit | undefined {
  if (ratePerSecond == null || burst == null) return undefined;

  return { rate_per_second: ratePerSecond, burst };
}

/**
 * Names a caller without a token.
 * @throws PdpError `unauthenticated` unless the call came over loopback and anonymous decisions are on.
 */
export function authenticateAnonymous(loopback: boolean, anonymousAllowed: boolean): Caller {
  if (loopback && anonymousAllowed) return ANONYMOUS;

  throw new PdpError(
    'unauthenticated',
    'a credential is required: authorization: Bearer pal_…, or a client certificate',
  );
}
