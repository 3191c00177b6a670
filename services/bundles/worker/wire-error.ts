import { PdpError, toPdpError } from '../../engine/error.ts';
import type { WireError } from './messages.ts';

/** An error as a thread hands it over. */
export function wireErrorOf(thrown: unknown): WireError {
  const { code, message, field, limit, cause } = toPdpError(thrown);

  return {
    code,
    message,
    field,
    limit,
    cause: cause instanceof Error ? (cause.stack ?? cause.message) : undefined,
  };
}

/** The error that another thread handed over. */
export function pdpErrorOf({ code, message, field, limit, cause }: WireError): PdpError {
  return new PdpError(code, message, {
    ...(field === undefined ? {} : { field }),
    ...(limit === undefined ? {} : { limit }),
    ...(cause === undefined ? {} : { cause: new Error(cause) }),
  });
}
