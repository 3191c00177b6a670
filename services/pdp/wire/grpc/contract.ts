import { fileURLToPath } from 'node:url';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition, type Options } from '@grpc/proto-loader';
import type { PdpError } from '../../../engine/error.ts';
import { exceedsLimit, LIMITS, type LimitName } from '../../../engine/limits.ts';
import type { ErrorInfo } from '../generated/google/rpc/ErrorInfo.ts';
import type { Status } from '../generated/google/rpc/Status.ts';
import type { AuthorizationServiceDefinition } from '../generated/palisade/v1/AuthorizationService.ts';
import { peekRequestId } from '../protobuf/peek.ts';

export const SERVICE_NAME = 'palisade.v1.AuthorizationService';

/** A request as it came: its bytes, or that it is refused by its size alone. */
export type Incoming = Buffer | Oversized;

interface Oversized {
  readonly request_id: string;
  readonly error: PdpError;
}

const PROTO_DIR = fileURLToPath(new URL('../../../../proto', import.meta.url));
// The same reading as scripts/generate-grpc-types.ts.
export const READING: Options = {
  keepCase: true,
  longs: String,
  enums: String,
  defaults: true,
  oneofs: true,
  includeDirs: [PROTO_DIR],
};

/** The contract's package, as reflection describes it. */
export const CONTRACT = loadSync(['palisade/v1/authorization.proto', 'palisade/v1/approvals.proto'], READING);

const RPC_PACKAGE = loadSync(['google/rpc/status.proto', 'google/rpc/error_details.proto'], READING);
export const RPC_STATUS = RPC_PACKAGE['google.rpc.Status'] as MessageTypeDefinition<Status, unknown>;
export const ERROR_INFO = RPC_PACKAGE['google.rpc.ErrorInfo'] as MessageTypeDefinition<ErrorInfo, unknown>;

/**
 * The service, with requests and replies left as bytes: grpc-js answers a decoder that throws with a bare INTERNAL, and our own
 * decoder needs the call's trace for its errors. What is too long for its method is dropped at once, so that no
 * queue holds it.
 */
export function decisionServiceDefinition(): ServiceDefinition {
  const contract = CONTRACT[SERVICE_NAME] as unknown as AuthorizationServiceDefinition;

  return {
    Authorize: { ...contract.Authorize, ...asBytes('body_bytes') },
    AuthorizeBatch: { ...contract.AuthorizeBatch, ...asBytes('batch_bytes') },
    AuthorizeStream: { ...contract.AuthorizeStream, ...asBytes('body_bytes') },
    Constraints: { ...contract.Constraints, ...asBytes('body_bytes') },
    ReportOutcome: { ...contract.ReportOutcome, ...asBytes('body_bytes') },
    StartRun: { ...contract.StartRun, ...asBytes('body_bytes') },
    EndRun: { ...contract.EndRun, ...asBytes('body_bytes') },
    GetRun: { ...contract.GetRun, ...asBytes('body_bytes') },
    WaitForApproval: { ...contract.WaitForApproval, ...asBytes('body_bytes') },
  };
}

function asBytes(limit: LimitName) {
  return {
    requestDeserialize: (bytes: Buffer) => bounded(limit, bytes),
    responseSerialize: encodedAlready,
  };
}

function encodedAlready(reply: Buffer): Buffer {
  return reply;
}

/** Keeps a request that is not over the limit of its size; of another it keeps what an answer must name. */
export function bounded(limit: LimitName, bytes: Buffer): Incoming {
  if (bytes.length <= LIMITS[limit]) return bytes;

  return { request_id: peekRequestId(bytes), error: exceedsLimit(limit, 'request') };
}
