import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { type Server, ServerCredentials } from '@grpc/grpc-js';
import { LIMITS } from '../../../engine/limits.ts';
import type { ServerTls } from '../../tls/follow-files.ts';
import { tendServer, tlsOptions } from '../../tls/tend-server.ts';

/** Where gRPC is spoken within TLS. */
export interface TlsPort {
  /** @returns the port. */
  listen(host: string, port: number): Promise<number>;
  /** Takes no new connection. */
  close(): void;
}

/** What calls in flight get, where the authorities have changed, before their connection is cut. */
const GRACE_MS = 2 * LIMITS.receive_ms;

/**
 * Makes a port whose connections are given to a gRPC server once their handshake is over. The credentials of grpc-js itself can
 * either require client certificates or let in those that do not verify.
 */
export function createTlsPort(server: Server, tls: ServerTls): TlsPort {
  let connections = server.createConnectionInjector(ServerCredentials.createInsecure());
  const port = createServer({ ...tlsOptions(tls), ALPNProtocols: ['h2'], noDelay: true }, (socket) => {
    if (socket.destroyed) return;
    // RFC 9113, section 3.2: HTTP/2 over TLS is agreed on by ALPN.
    if (socket.alpnProtocol !== 'h2') {
      socket.destroy();

      return;
    }

    // The session of HTTP/2 tells its end; nobody else is to hear why.
    socket.on('error', () => undefined);
    connections.injectConnection(socket);
  });
  tendServer(port, tls, () => {
    const before = connections;
    connections = server.createConnectionInjector(ServerCredentials.createInsecure());
    // GOAWAY: clients connect again by themselves.
    before.drain(GRACE_MS);
    setTimeout(() => before.destroy(), GRACE_MS).unref();
  });

  return {
    listen: (host, asked) =>
      new Promise((resolve, reject) => {
        port.once('error', reject);
        port.listen(asked, host, () => {
          port.off('error', reject);
          resolve((port.address() as AddressInfo).port);
        });
      }),

    close: () => void port.close(),
  };
}
