import type { RequestListener, Server, ServerOptions, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { LIMITS } from '../../../engine/limits.ts';
import type { ServerTls } from '../../tls/follow-files.ts';
import { tendServer, tlsOptions } from '../../tls/tend-server.ts';

// An import would read every export, WebSocket among them, and for that load all of undici: 35 ms of each start.
const { createServer } = process.getBuiltinModule('node:http');

/** An HTTP port. */
export interface HttpListener {
  /**
   * Begins to listen.
   * @param port 0 takes a free one.
   * @returns the port.
   */
  listen(host: string, port: number): Promise<number>;
  /** Stops: takes no new connection, answers what is in flight, and after the deadline cuts off what is left. */
  close(deadlineMs: number): Promise<void>;
}

const HTTP_OPTIONS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: LIMITS.receive_ms,
  requestTimeout: 2 * LIMITS.receive_ms,
  // Node looks for late requests only this often.
  connectionsCheckingInterval: 1_000,
} satisfies ServerOptions;

/**
 * Makes an HTTP port that bounds what a slow or hostile client may hold; without TLS it speaks plain HTTP.
 * @param requestTimeoutMs what a whole request may take to arrive.
 */
export function createHttpListener(
  handler: RequestListener,
  tls?: ServerTls,
  requestTimeoutMs: number = HTTP_OPTIONS.requestTimeout,
): HttpListener {
  const options = { ...HTTP_OPTIONS, requestTimeout: requestTimeoutMs };
  const answering = new Set<ServerResponse>();
  /** Whose connections end with what is in flight. */
  const leaving = new WeakSet<Socket>();
  let closed: Promise<void> | undefined;
  const tracked: RequestListener = (request, response) => {
    answering.add(response);
    response.once('close', () => answering.delete(response));
    if (closed !== undefined || leaving.has(request.socket)) response.setHeader('connection', 'close');
    handler(request, response);
  };
  const server = tls === undefined ? createServer(options, tracked) : createSecure(tls);
  // The size of all headers is capped; past a count Node would drop some silently.
  server.maxHeadersCount = 0;
  // The handler itself says when it wants the body.
  server.on('checkContinue', tracked);

  return {
    listen: (host, port) => listen(server, host, port),

    close(deadlineMs) {
      for (const response of answering) {
        if (!response.headersSent) response.setHeader('connection', 'close');
      }
      closed ??= close(server, deadlineMs);

      return closed;
    },
  };

  function createSecure(of: ServerTls): Server {
    const secure = createTlsServer({ ...options, ...tlsOptions(of) }, tracked);
    tendServer(secure, of, (connections) => {
      for (const connection of connections) leaving.add(connection);
      for (const response of answering) letGo(response);
      secure.closeIdleConnections();
    });

    return secure;
  }

  function letGo(response: ServerResponse): void {
    const { socket } = response;
    if (!response.headersSent) response.setHeader('connection', 'close');
    else if (socket !== null) response.once('finish', () => socket.end());
  }
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function close(server: Server, deadlineMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), deadlineMs);
    // It fails only where the server does not listen, and then there is nothing to close.
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
