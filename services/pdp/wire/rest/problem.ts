import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { PdpError, type PdpErrorCode, type PdpErrorOptions, toPdpError } from '../../../engine/error.ts';
import { problemType, publicError, WIRE_ERRORS } from '../errors.ts';
import { respond } from './respond.ts';

/** An error of HTTP itself, where the status says more than the code's own (405, 408, 415), or the body does. */
export class HttpError extends PdpError {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  /** Extension members of the problem (RFC 9457, section 3.2) that the caller may see. */
  readonly extension: object;

  constructor(
    status: number,
    code: PdpErrorCode,
    message: string,
    options: PdpErrorOptions & { readonly headers?: OutgoingHttpHeaders; readonly extension?: object } = {},
  ) {
    super(code, message, options);
    this.status = status;
    this.headers = options.headers ?? {};
    this.extension = options.extension ?? {};
  }
}

/** Answers with an RFC 9457 problem; what was not foreseen is `internal` and says nothing more. */
export function sendProblem(
  request: IncomingMessage,
  response: ServerResponse,
  thrown: unknown,
  traceId: string,
): void {
  const error = toPdpError(thrown);
  const shown = publicError(error);
  const row = WIRE_ERRORS[shown.code];
  const status = error instanceof HttpError ? error.status : row.http;
  const body = JSON.stringify({
    type: problemType(shown.code),
    title: row.title,
    status,
    detail: shown.message,
    code: shown.code,
    field: shown.field,
    limit: shown.limit,
    retry_after_ms: shown.retryAfterMs,
    trace_id: traceId,
    ...(error instanceof HttpError ? error.extension : {}),
  });

  respond(request, response, status, problemHeaders(error), body);
}

function problemHeaders(error: PdpError): OutgoingHttpHeaders {
  return {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    // RFC 9110, section 11.6.1: a 401 names the scheme that it wants.
    ...(error.code === 'unauthenticated' ? { 'www-authenticate': 'Bearer realm="palisade"' } : {}),
    // RFC 9110, section 10.2.3: whole seconds.
    ...(error.retryAfterMs === undefined
      ? {}
      : { 'retry-after': String(Math.ceil(error.retryAfterMs / 1_000)) }),
    ...(error instanceof HttpError ? error.headers : {}),
  };
}
