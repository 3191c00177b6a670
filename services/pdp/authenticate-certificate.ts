import { PdpError } from '../engine/error.ts';
import { type ActiveCredential, unknownCredential } from '../store/credentials.ts';
import { authenticateToken, type CredentialDirectory, callerOf } from './credentials.ts';
import type { ClientCertificate } from './tls/client-certificate.ts';
import type { Caller } from './types.ts';

/**
 * Names the caller of a connection with a verified client certificate.
 *
 * A certificate that no credential is bound to proves nothing, and leaves it to the token. One that a credential is bound to
 * is that credential: no token beside it can name the same one, since each has one kind of proof.
 * @param token of the call, if it brought one.
 * @param now milliseconds since the epoch.
 * @throws PdpError `unauthenticated`: never anonymous, also over loopback.
 */
export function authenticateCertificate(
  credentials: CredentialDirectory,
  certificate: ClientCertificate,
  token: string | undefined,
  now: number,
): Caller {
  if (now < certificate.validFrom || now > certificate.validTo) {
    throw new PdpError('unauthenticated', 'the client certificate of this connection is not valid now');
  }

  const byToken = token === undefined ? undefined : authenticateToken(credentials, token, now);
  const byCertificate = callerBehind(credentials, certificate, now);
  if (byToken !== undefined && byCertificate !== undefined) {
    throw new PdpError(
      'unauthenticated',
      'the token and the client certificate are of two credentials: send one of them',
    );
  }
  const caller = byToken ?? byCertificate;
  if (caller === undefined) {
    throw new PdpError('unauthenticated', 'no credential is bound to this client certificate');
  }

  return caller;
}

function callerBehind(
  credentials: CredentialDirectory,
  { names, publicKey }: ClientCertificate,
  now: number,
): Caller | undefined {
  const byName = namesOf(credentials);
  const named = new Set(names.map((name) => byName.get(name)).filter((one) => one !== undefined));
  const [credential, ...others] = named;
  if (credential === undefined) return undefined;

  if (others.length > 0) {
    throw new PdpError(
      'unauthenticated',
      'several credentials are bound to names of this client certificate',
    );
  }
  const { certificateKey, expiresAt } = credential;
  const isOtherKey = certificateKey != null && !publicKey.equals(certificateKey);
  if (isOtherKey || (expiresAt !== null && expiresAt.getTime() <= now)) throw unknownCredential();

  return knownCallerOf(credential);
}

/** Gone with the credentials that they are of, so a revocation ends them. */
const namesByDirectory = new WeakMap<CredentialDirectory, ReadonlyMap<string, ActiveCredential>>();
const callers = new WeakMap<ActiveCredential, Caller>();

function namesOf(credentials: CredentialDirectory): ReadonlyMap<string, ActiveCredential> {
  const known = namesByDirectory.get(credentials);
  if (known !== undefined) return known;

  const byName = new Map<string, ActiveCredential>();
  for (const credential of credentials.values()) {
    if (credential.certificateSan != null) byName.set(credential.certificateSan, credential);
  }
  namesByDirectory.set(credentials, byName);

  return byName;
}

function knownCallerOf(credential: ActiveCredential): Caller {
  const known = callers.get(credential);
  if (known !== undefined) return known;

  const caller = callerOf(credential);
  callers.set(credential, caller);

  return caller;
}
