import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { ClientTls } from './client-tls.ts';

// An import would read every export, WebSocket among them, and for that load all of undici: 35 ms of each command.
const { request: httpRequest } = process.getBuiltinModule('node:http');

export interface RequestOptions extends ClientTls {
  readonly method: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal;
  /** Name in the server's certificate, where it is not that of the URL. */
  readonly servername?: string;
}

/**
 * Sends one request over a connection of its own. `fetch` can neither show a certificate nor expect another name than the URL's.
 * @returns the answer's head; its body is read from it.
 * @throws what the system or OpenSSL says where there is none.
 */
export function sendRequest(url: URL, { body, ...options }: RequestOptions): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const length = body === undefined ? {} : { 'content-length': body.byteLength };
  const headers = { ...options.headers, ...length };

  return new Promise((resolve, reject) => {
    request(url, { ...options, headers, agent: false }, resolve)
      .on('error', reject)
      .end(body);
  });
}
