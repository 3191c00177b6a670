import { X509Certificate } from 'node:crypto';
import { open } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Config } from '../config/config.ts';
import { ConfigError } from '../config/config-error.ts';

/** Whether clients are asked for a certificate, and whether one without is let in. */
export type ClientCertificates = 'off' | 'optional' | 'required';

/** What a port presents, and whom it believes of its clients; all PEM. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Absent: clients are not asked for certificates. */
  readonly clientCa: Buffer | undefined;
  /** When the certificate ends, in milliseconds since the epoch. */
  readonly validTo: number;
}

export type TlsConfig = Pick<
  Config,
  'PALISADE_TLS_CERT_FILE' | 'PALISADE_TLS_KEY_FILE' | 'PALISADE_TLS_CLIENT_CA_FILE' | 'PALISADE_TLS_CLIENT'
>;

/**
 * Reads the files that TLS is configured with.
 * @returns `undefined` where none are.
 * @throws ConfigError where one cannot be read, others than its owner may read the key, the two are no certificate and its
 *   key, or the authority's file holds no certificate.
 */
export async function readTlsMaterial(config: TlsConfig): Promise<TlsMaterial | undefined> {
  const { PALISADE_TLS_CERT_FILE, PALISADE_TLS_KEY_FILE, PALISADE_TLS_CLIENT_CA_FILE } = config;
  if (PALISADE_TLS_CERT_FILE === undefined || PALISADE_TLS_KEY_FILE === undefined) return undefined;

  const problems: string[] = [];
  const cert = await readPem('PALISADE_TLS_CERT_FILE', PALISADE_TLS_CERT_FILE, problems);
  const key = await readPem('PALISADE_TLS_KEY_FILE', PALISADE_TLS_KEY_FILE, problems, true);
  const clientCa = await readPem('PALISADE_TLS_CLIENT_CA_FILE', PALISADE_TLS_CLIENT_CA_FILE, problems);
  if (problems.length > 0 || cert === undefined || key === undefined) throw new ConfigError(problems);

  if (clientCa !== undefined) requireAuthorities(clientCa);
  try {
    createSecureContext({ cert, key });

    return { cert, key, clientCa, validTo: new X509Certificate(cert).validToDate.getTime() };
  } catch (thrown) {
    throw new ConfigError([
      `PALISADE_TLS_CERT_FILE and PALISADE_TLS_KEY_FILE are no certificate and its key: ${textOf(thrown)}`,
    ]);
  }
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** OpenSSL passes over what it does not know, and then believes nobody, or fewer than the file was meant to say. */
function requireAuthorities(pem: Buffer): void {
  const blocks = pem.toString('latin1').match(CERTIFICATE) ?? [];
  try {
    if (blocks.length === 0) throw new Error('there is none in it');
    for (const block of blocks) {
      if (!new X509Certificate(block).ca) throw new Error('one of them is of no authority');
    }
  } catch (thrown) {
    throw new ConfigError([
      `PALISADE_TLS_CLIENT_CA_FILE does not hold certificates of authorities: ${textOf(thrown)}`,
    ]);
  }
}

async function readPem(
  variable: string,
  path: string | undefined,
  problems: string[],
  isPrivate = false,
): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;

  try {
    await using file = await open(path, 'r');
    if (isPrivate && ((await file.stat()).mode & 0o077) !== 0) {
      problems.push(`${variable}: ${path} is open to group or others: chmod 600 ${path}`);
    }

    return await file.readFile();
  } catch (thrown) {
    problems.push(`${variable} cannot be read: ${textOf(thrown)}`);

    return undefined;
  }
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
