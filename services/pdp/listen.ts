import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';
import type { Config } from './config/config.ts';
import { ConfigError } from './config/config-error.ts';
import { type Address, addressText } from './config/values.ts';

/** A certificate with its key, PEM. */
export interface TlsIdentity {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** @throws ConfigError where a configured file cannot be read, or the two are no certificate and its key. */
export function readTlsIdentity(
  config: Pick<Config, 'PALISADE_TLS_CERT_FILE' | 'PALISADE_TLS_KEY_FILE'>,
): TlsIdentity | undefined {
  const { PALISADE_TLS_CERT_FILE: cert, PALISADE_TLS_KEY_FILE: key } = config;
  if (cert === undefined || key === undefined) return undefined;

  const problems: string[] = [];
  const identity = {
    cert: readPem('PALISADE_TLS_CERT_FILE', cert, problems),
    key: readPem('PALISADE_TLS_KEY_FILE', key, problems),
  };
  if (problems.length > 0) throw new ConfigError(problems);

  try {
    createSecureContext(identity);
  } catch (thrown) {
    throw new ConfigError([
      `PALISADE_TLS_CERT_FILE and PALISADE_TLS_KEY_FILE are no certificate and its key: ${textOf(thrown)}`,
    ]);
  }

  return identity;
}

/** TLS wherever there is an identity, except on loopback, where there is nothing to protect it from. */
export function tlsFor(address: Address, identity: TlsIdentity | undefined): TlsIdentity | undefined {
  return address.loopback ? undefined : identity;
}

export function grpcCredentials(tls: TlsIdentity | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();

  return ServerCredentials.createSsl(null, [{ cert_chain: tls.cert, private_key: tls.key }]);
}

/**
 * Begins to listen, and says which address it is where that fails.
 * @throws ConfigError
 */
export async function listenAt(
  variable: 'PALISADE_REST_ADDRESS' | 'PALISADE_GRPC_ADDRESS' | 'PALISADE_ADMIN_ADDRESS',
  address: Address,
  listen: (address: Address) => Promise<number>,
): Promise<number> {
  try {
    return await listen(address);
  } catch (thrown) {
    throw new ConfigError([`${variable}: ${addressText(address)} cannot be listened on (${textOf(thrown)})`]);
  }
}

function readPem(variable: string, path: string, problems: string[]): Buffer {
  try {
    return readFileSync(path);
  } catch (thrown) {
    problems.push(`${variable} cannot be read: ${textOf(thrown)}`);

    return Buffer.alloc(0);
  }
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
