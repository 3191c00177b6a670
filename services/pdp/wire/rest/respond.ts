import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

// How much of an unwanted body is read and thrown away, and for how long, before the connection is cut.
const LINGER_BYTES = 1024 * 1024;
const LINGER_MS = 1_000;

/**
 * Sends a whole response. Where the request's body was not read to its end, the connection closes after it: at once would
 * make the kernel reset it, and the client might lose the response, so a bounded part of the body is still taken in.
 */
export function respond(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders,
  body: string,
): void {
  if (response.headersSent || response.destroyed) return;

  const read = request.complete;
  response.writeHead(status, {
    ...headers,
    ...(read ? {} : { connection: 'close' }),
    'content-length': Buffer.byteLength(body),
  });
  if (read) {
    response.end(body);
    return;
  }

  response.write(body);
  linger(request, () => response.end());
}

function linger(request: IncomingMessage, close: () => void): void {
  let taken = 0;
  const timer = setTimeout(done, LINGER_MS);
  request.on('data', onData);
  request.once('close', done);
  request.once('end', done);
  request.resume();

  function onData(chunk: Buffer): void {
    taken += chunk.length;
    if (taken > LINGER_BYTES) done();
  }

  function done(): void {
    clearTimeout(timer);
    request.off('data', onData).off('close', done).off('end', done);
    close();
  }
}
