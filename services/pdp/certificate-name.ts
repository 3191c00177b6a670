import type { CredentialInfo } from '../store/credentials.ts';

/** A subject alternative name that a credential may be bound to: a URI, or a host name without wildcards. */
export const SAN = /^(?:URI:[A-Za-z][A-Za-z0-9+.-]*:[!-~]+|DNS:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)$/;

/** SHA-256 of a public key's SubjectPublicKeyInfo, as it is written. */
export const PUBLIC_KEY = /^sha256:[0-9a-f]{64}$/;

/** The one spelling of a name: RFC 5280, section 7.2 compares host names without case; a URI is compared as it is. */
export function sanOf(name: string): string {
  return name.startsWith('DNS:') ? `DNS:${name.slice(4).toLowerCase()}` : name;
}

// A value that could be taken for more than one, Node writes as a JSON string (CVE-2021-44532).
const NEXT_NAME = /^([A-Za-z][A-Za-z0-9 ]*):(?:"((?:[^"\\]|\\.)*)"|([^",]*))(?:, |$)/;

/**
 * Reads the URIs and host names out of a certificate's subject alternative names, as Node writes those.
 * @returns none where anything in the text is not understood: part of it may be a name in disguise.
 */
export function readSans(text: string | undefined): readonly string[] {
  const names: string[] = [];
  const uris: string[] = [];
  for (let rest = text ?? ''; rest !== ''; ) {
    const match = NEXT_NAME.exec(rest);
    const [whole = '', kind = '', quoted, plain = ''] = match ?? [];
    if (match === null) return [];

    const name = `${kind}:${quoted === undefined ? plain : unquoted(quoted)}`;
    if (kind === 'URI') uris.push(name);
    if (SAN.test(name)) names.push(sanOf(name));
    rest = rest.slice(whole.length);
  }
  // SPIFFE X509-SVID, section 2: one URI, or it is no identity.
  if (uris.length > 1 && uris.some((name) => /^URI:spiffe:/i.test(name))) return [];

  return [...new Set(names)];
}

/** The bytes of what {@link PUBLIC_KEY} describes. */
export function publicKeyHash(text: string): Buffer {
  return Buffer.from(text.slice('sha256:'.length), 'hex');
}

/** The certificate that proves a credential, as it is shown; `undefined`: a token does. */
export function certificateJson({
  certificateSan,
  certificateKey,
}: Pick<CredentialInfo, 'certificateSan' | 'certificateKey'>) {
  if (certificateSan == null) return undefined;
  const public_key =
    certificateKey == null ? undefined : `sha256:${Buffer.from(certificateKey).toString('hex')}`;

  return { san: certificateSan, public_key };
}

/** A text that is no JSON after all stays no name. */
function unquoted(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return '';
  }
}
