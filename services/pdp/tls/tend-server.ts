import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Server, TLSSocket, TlsOptions } from 'node:tls';
import { LIMITS } from '../../engine/limits.ts';
import { keepCertificate } from './client-certificate.ts';
import type { ServerTls } from './follow-files.ts';

/** How a server of TLS is to be made, to be given to {@link tendServer} then. */
export function tlsOptions({ clients, material }: ServerTls): TlsOptions {
  const { cert, key, clientCa } = material();
  const common = { cert, key, minVersion: 'TLSv1.2', handshakeTimeout: LIMITS.receive_ms } as const;
  if (clients === 'off') return common;

  // Without authorities of its own, a server would believe all that Node brings.
  if (clientCa === undefined)
    throw new TypeError('client certificates are asked for, and no authority is there');

  return {
    ...common,
    ca: clientCa,
    requestCert: true,
    rejectUnauthorized: clients === 'required',
    // A resumed session is believed for what was checked when it began: neither the certificate's end nor the authorities are
    // looked at again. So each connection shows its certificate.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

/**
 * Has a server of TLS present what its files hold, and lets no client in whose certificate does not verify. To be called
 * before anything else listens to `secureConnection` that looks whether the socket is destroyed.
 * @param letGo told of the connections whose certificates other authorities signed than those that are believed now.
 */
export function tendServer(
  server: Server,
  tls: ServerTls,
  letGo: (connections: ReadonlySet<TLSSocket>) => void,
): void {
  const open = new Set<TLSSocket>();
  /** Of the authorities that are believed. */
  let generation = 0;
  /** With which of them a handshake began, by the two ends of its connection. */
  const began = new Map<string, number>();
  tls.onChange((authoritiesChanged) => {
    server.setSecureContext(tlsOptions(tls));
    if (!authoritiesChanged) return;
    generation += 1;
    letGo(new Set(open));
  });
  if (tls.clients === 'off') return;

  server.on('connection', (socket: Socket) => {
    const ends = endsOf(socket);
    began.set(ends, generation);
    socket.once('close', () => began.delete(ends));
  });
  server.on('tlsClientError', (_error, socket) => {
    if (socket.authorizationError != null)
      tls.refused(String(socket.authorizationError), socket.remoteAddress);
  });
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    const ends = endsOf(socket);
    const isOfNow = began.get(ends) === generation;
    began.delete(ends);
    const isProved = socket.authorized && !socket.isSessionReused();
    const isWithout = tls.clients === 'optional' && socket.getPeerX509Certificate() === undefined;
    if (!isOfNow || !(isProved || isWithout)) {
      const reason = isOfNow ? (socket.authorizationError ?? 'SESSION_REUSED') : 'AUTHORITIES_CHANGED';
      tls.refused(String(reason), socket.remoteAddress);
      socket.destroy();

      return;
    }
    // Renegotiation could bring another certificate.
    socket.disableRenegotiation();
    if (isProved) keepCertificate(socket);
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
}

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
