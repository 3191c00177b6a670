import { readFileSync } from 'node:fs';
import { ServerCredentials } from '@grpc/grpc-js';
import type { Config } from './config/config.ts';
import type { Address } from './config/values.ts';

/** A certificate with its key, PEM. */
export interface TlsIdentity {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** @throws Error where a configured file cannot be read. */
export function readTlsIdentity(config: Config): TlsIdentity | undefined {
  const { PALISADE_TLS_CERT_FILE: cert, PALISADE_TLS_KEY_FILE: key } = config;

  return cert === undefined || key === undefined
    ? undefined
    : { cert: readFileSync(cert), key: readFileSync(key) };
}

/** TLS wherever there is an identity, except on loopback, where there is nothing to protect it from. */
export function tlsFor(address: Address, identity: TlsIdentity | undefined): TlsIdentity | undefined {
  return address.loopback ? undefined : identity;
}

export function grpcCredentials(tls: TlsIdentity | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();

  return ServerCredentials.createSsl(null, [{ cert_chain: tls.cert, private_key: tls.key }]);
}

/** An address as gRPC and URLs write it. */
export function addressText({ host, port }: Pick<Address, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
