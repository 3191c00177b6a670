import type { IncomingMessage, ServerResponse } from 'node:http';
import { PdpError } from '../../../engine/error.ts';
import { exceedsLimit, LIMITS, type LimitName } from '../../../engine/limits.ts';
import { HttpError } from './problem.ts';

const JSON_TYPE = /^application\/json(?: *; *charset="?utf-8"?)? *$/i;

/** A media type that a body may have. */
export interface BodyType {
  readonly pattern: RegExp;
  /** For the error. */
  readonly text: string;
}

const JSON_BODY: BodyType = { pattern: JSON_TYPE, text: 'application/json, in UTF-8' };

export interface BodyOptions {
  readonly limit: LimitName;
  /** @defaultValue `LIMITS.receive_ms` */
  readonly timeoutMs?: number | undefined;
}

/**
 * Reads the body of a JSON request as bytes, never more than the limit, whatever `Content-Length` says.
 * @throws PdpError `too_large` as soon as it is known; `invalid_request` as 415 for anything but plain JSON in UTF-8, as
 *   408 where the body does not arrive in time, as 400 where the client breaks off.
 */
export function readJsonBody(
  request: IncomingMessage,
  response: ServerResponse,
  options: BodyOptions,
): Promise<Buffer> {
  return readBody(request, response, JSON_BODY, options);
}

/** The same for a body of another media type. */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  type: BodyType,
  options: BodyOptions,
): Promise<Buffer> {
  checkHeaders(request, type, options.limit);
  // The client waits for leave to send a body: only now is it certain that we want it (RFC 9110, section 10.1.1).
  if (request.headers.expect !== undefined) response.writeContinue();

  return readBytes(request, options.limit, options.timeoutMs ?? LIMITS.receive_ms);
}

function checkHeaders({ headers, headersDistinct }: IncomingMessage, type: BodyType, limit: LimitName): void {
  const types = headersDistinct['content-type'] ?? [];
  if (types.length !== 1 || !type.pattern.test(types[0] ?? '')) {
    throw unsupported('Content-Type', `Content-Type must be ${type.text}`);
  }
  if ((headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity') {
    throw unsupported('Content-Encoding', 'Content-Encoding must be identity');
  }
  if (Number(headers['content-length'] ?? 0) > LIMITS[limit]) throw exceedsLimit(limit, 'body');
}

function unsupported(field: string, message: string): HttpError {
  return new HttpError(415, 'invalid_request', message, { field });
}

function readBytes(request: IncomingMessage, limit: LimitName, timeoutMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const timer = setTimeout(
      () => settle(() => reject(new HttpError(408, 'invalid_request', 'the body did not arrive in time'))),
      timeoutMs,
    );
    request.on('data', onData).once('end', onEnd).once('close', onClose);

    function onData(chunk: Buffer): void {
      length += chunk.length;
      if (length > LIMITS[limit]) settle(() => reject(exceedsLimit(limit, 'body')));
      else chunks.push(chunk);
    }

    function onEnd(): void {
      settle(() => resolve(Buffer.concat(chunks, length)));
    }

    function onClose(): void {
      settle(() => reject(new PdpError('invalid_request', 'the body is cut short')));
    }

    function settle(finish: () => void): void {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      finish();
    }
  });
}
