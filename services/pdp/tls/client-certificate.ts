import { hash, type X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { readSans } from '../certificate-name.ts';

/** What a verified client certificate says of who holds it. */
export interface ClientCertificate {
  /** Its URIs and host names, `URI:…` and `DNS:…`; empty: it names nobody. */
  readonly names: readonly string[];
  /** SHA-256 of its SubjectPublicKeyInfo. */
  readonly publicKey: Buffer;
  /** Milliseconds since the epoch, both included. */
  readonly validFrom: number;
  readonly validTo: number;
}

/** Reading a certificate costs more than deciding: it is read once, when its connection begins. */
const read = new WeakMap<object, ClientCertificate>();

export function clientCertificateOf(certificate: X509Certificate): ClientCertificate {
  return {
    names: readSans(certificate.subjectAltName),
    publicKey: hash('sha256', certificate.publicKey.export({ type: 'spki', format: 'der' }), 'buffer'),
    validFrom: certificate.validFromDate.getTime(),
    validTo: certificate.validToDate.getTime(),
  };
}

/** Keeps what a connection's verified certificate says, for each of its calls. */
export function keepCertificate(socket: TLSSocket): void {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return;

  const said = clientCertificateOf(certificate);
  read.set(socket, said);
  // What gRPC shows of a connection is this, made anew for each call.
  const shown = socket.getPeerCertificate();
  read.set(shown, said);
  Object.defineProperty(socket, 'getPeerCertificate', { value: () => shown });
}

/** Keeps a certificate behind what will be asked for it. */
export function putCertificate(behind: object, certificate: ClientCertificate): void {
  read.set(behind, certificate);
}

/** The certificate behind a socket, behind what gRPC calls `sslPeerCertificate` or the metadata of a call; `undefined`: there is none. */
export function certificateBehind(peer: object | undefined): ClientCertificate | undefined {
  return peer === undefined ? undefined : read.get(peer);
}
