import { PdpError } from '../../engine/error.ts';

// RFC 6750, section 2.1, with a bound: our tokens are far shorter.
const BEARER = /^Bearer +([A-Za-z0-9\-._~+/]{1,512}=*)$/i;

/**
 * Takes the bearer token from the values of `authorization`.
 * @returns undefined where the call brings none at all.
 * @throws PdpError `unauthenticated` where it brings anything but one well-formed bearer token: a credential that
 *   cannot be read must never pass as no credential.
 */
export function bearerToken(values: readonly string[]): string | undefined {
  const [value, ...more] = values;
  if (value === undefined) return undefined;

  const token = more.length > 0 ? undefined : BEARER.exec(value)?.[1];
  if (token === undefined) throw new PdpError('unauthenticated', 'authorization must be one bearer token');

  return token;
}
