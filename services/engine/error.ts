/**
 * What a request that could not be decided ends in. A closed set: clients switch on it.
 * The mapping to gRPC and HTTP stands in one table in `services/pdp/wire/errors.ts`.
 */
export const PDP_ERROR_CODES = [
  'invalid_request',
  'unauthenticated',
  'permission_denied',
  'not_found',
  'conflict',
  'precondition_failed',
  'too_large',
  'overloaded',
  'unavailable',
  'internal',
] as const;

export type PdpErrorCode = (typeof PDP_ERROR_CODES)[number];

/** The published limit that a request ran into; see {@link ./limits.ts}. */
export interface ExceededLimit {
  readonly name: string;
  readonly max: number;
}

export interface PdpErrorOptions {
  /** Path of the field at fault, such as `context.input.amount`. */
  readonly field?: string;
  readonly limit?: ExceededLimit;
  /** Milliseconds after which the same request may pass. */
  readonly retryAfterMs?: number;
  /** Kept for the process log, never sent to a caller. */
  readonly cause?: unknown;
}

/**
 * The one error that crosses layers. `message` goes to the caller and must hold no secret; `cause` stays here.
 * A deny is not an error: it is a normal answer.
 */
export class PdpError extends Error {
  readonly code: PdpErrorCode;
  readonly field: string | undefined;
  readonly limit: ExceededLimit | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: PdpErrorCode, message: string, options: PdpErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PdpError';
    this.code = code;
    this.field = options.field;
    this.limit = options.limit;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Anything thrown becomes a coded error; what we did not foresee is `internal` with a generic text. */
export function toPdpError(thrown: unknown): PdpError {
  if (thrown instanceof PdpError) return thrown;

  return new PdpError('internal', 'internal error', { cause: thrown });
}
