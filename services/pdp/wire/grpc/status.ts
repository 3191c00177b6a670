import { Metadata, type StatusObject } from '@grpc/grpc-js';
import type { PdpError } from '../../../engine/error.ts';
import { type PublicError, publicError, WIRE_ERRORS } from '../errors.ts';
import { ERROR_INFO, RPC_STATUS } from './contract.ts';

const DETAILS_KEY = 'grpc-status-details-bin';
const ERROR_INFO_URL = 'type.googleapis.com/google.rpc.ErrorInfo';
const DOMAIN = 'palisade';

/** Makes the status that ends a call: the code's gRPC status, the public text, and `google.rpc.ErrorInfo` beside it. */
export function grpcStatus(error: PdpError, traceId: string): StatusObject {
  const shown = publicError(error);
  const { grpc: code } = WIRE_ERRORS[shown.code];
  const info = ERROR_INFO.serialize({
    reason: shown.code,
    domain: DOMAIN,
    metadata: infoMetadata(shown, traceId),
  });
  const metadata = new Metadata();
  metadata.set(
    DETAILS_KEY,
    RPC_STATUS.serialize({
      code,
      message: shown.message,
      details: [{ type_url: ERROR_INFO_URL, value: info }],
    }),
  );

  return { code, details: shown.message, metadata };
}

function infoMetadata(shown: PublicError, traceId: string): Record<string, string> {
  return {
    trace_id: traceId,
    ...(shown.field === undefined ? {} : { field: shown.field }),
    ...(shown.limit === undefined ? {} : { limit: shown.limit.name, limit_max: String(shown.limit.max) }),
    ...(shown.retryAfterMs === undefined ? {} : { retry_after_ms: String(shown.retryAfterMs) }),
  };
}
