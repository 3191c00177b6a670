import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { SAN, sanOf } from '../pdp/certificate-name.ts';
import { clientCertificateOf } from '../pdp/tls/client-certificate.ts';
import { CliError, EXIT } from './errors.ts';

/** Which certificates prove a credential, as administration is asked for it. */
export interface CertificateProof {
  readonly san: string;
  readonly public_key?: string;
}

/**
 * Makes out which certificates are meant: those of a name, or of a file's name and key.
 * @returns `undefined` where none are.
 * @throws CliError where the name has another form or is not in the file, or the file has none or several to choose from.
 */
export async function certificateProof(
  san: string | undefined,
  file: string | undefined,
): Promise<CertificateProof | undefined> {
  if (san !== undefined && !SAN.test(san)) {
    throw new CliError(
      `--certificate-san is URI:… or DNS:…, such as URI:spiffe://example.org/agents/build: ${san}`,
      EXIT.usage,
    );
  }
  if (file === undefined) return san === undefined ? undefined : { san: sanOf(san) };

  const { names, publicKey } = clientCertificateOf(await readCertificate(file));
  const public_key = `sha256:${publicKey.toString('hex')}`;
  if (san !== undefined) {
    if (names.includes(sanOf(san))) return { san: sanOf(san), public_key };
    throw new CliError(`the certificate ${file} does not have the name ${san}`, EXIT.usage);
  }
  const [name, ...others] = names;
  if (name === undefined) {
    throw new CliError(`the certificate ${file} has no URI and no host name that could be meant`, EXIT.usage);
  }
  if (others.length > 0) {
    throw new CliError(
      `the certificate ${file} has several names: choose one by --certificate-san (${names.join(', ')})`,
      EXIT.usage,
    );
  }

  return { san: name, public_key };
}

async function readCertificate(file: string): Promise<X509Certificate> {
  try {
    return new X509Certificate(await readFile(file));
  } catch (thrown) {
    throw new CliError(
      `${file} is no certificate in PEM: ${thrown instanceof Error ? thrown.message : thrown}`,
      EXIT.usage,
    );
  }
}
