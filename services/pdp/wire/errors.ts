import { status } from '@grpc/grpc-js';
import type { PdpError, PdpErrorCode } from '../../engine/error.ts';

/** How one error code looks on every transport. */
export interface WireError {
  readonly grpc: status;
  readonly http: number;
  /** The RFC 9457 title: the same for every occurrence. */
  readonly title: string;
}

/** The one table from an error code to gRPC and HTTP. A deny is not in it: it is an answer. */
export const WIRE_ERRORS = {
  invalid_request: {
    grpc: status.INVALID_ARGUMENT,
    http: 400,
    title: 'The request is malformed or does not fit the schema',
  },
  unauthenticated: {
    grpc: status.UNAUTHENTICATED,
    http: 401,
    title: 'The call brings no credential that is valid here',
  },
  permission_denied: {
    grpc: status.PERMISSION_DENIED,
    http: 403,
    title: 'The credential does not permit this call',
  },
  not_found: { grpc: status.NOT_FOUND, http: 404, title: 'There is no such thing' },
  conflict: { grpc: status.ABORTED, http: 409, title: 'The request conflicts with what is there' },
  precondition_failed: {
    grpc: status.FAILED_PRECONDITION,
    http: 412,
    title: 'What the request expects is not so',
  },
  too_large: { grpc: status.RESOURCE_EXHAUSTED, http: 413, title: 'The request is over a published limit' },
  overloaded: { grpc: status.RESOURCE_EXHAUSTED, http: 429, title: 'Too many requests; try again later' },
  unavailable: { grpc: status.UNAVAILABLE, http: 503, title: 'No decision can be made now; try again' },
  internal: { grpc: status.INTERNAL, http: 500, title: 'Something failed inside' },
} as const satisfies Record<PdpErrorCode, WireError>;

/** What a caller may read of an error. */
export interface PublicError {
  readonly code: PdpErrorCode;
  readonly message: string;
  readonly field: string | undefined;
  readonly limit: { readonly name: string; readonly max: number } | undefined;
  readonly retryAfterMs: number | undefined;
}

/** Longest text of an error on the wire, in UTF-16 units: a gRPC status travels in headers of a few KiB. */
const MESSAGE_UNITS = 512;
const FIELD_UNITS = 256;

/**
 * Takes from an error what may leave the process, which `cause` and the stack never do. Texts are cut and well formed,
 * because they may quote what a caller sent, and grpc-js throws at a lone surrogate.
 */
export function publicError(error: PdpError): PublicError {
  return {
    code: error.code,
    message: wireText(error.message, MESSAGE_UNITS),
    field: error.field === undefined ? undefined : wireText(error.field, FIELD_UNITS),
    limit: error.limit,
    retryAfterMs: error.retryAfterMs,
  };
}

/** The RFC 9457 problem type of a code: a stable name, not an address. */
export function problemType(code: PdpErrorCode): string {
  return `urn:palisade:problem:${code}`;
}

function wireText(text: string, units: number): string {
  const cut = text.length > units ? `${text.slice(0, units - 1)}…` : text;

  return cut.toWellFormed();
}
