import { status } from '@grpc/grpc-js';
import type { PdpError } from '../../engine/error.ts';
import type { AttributeSink } from '../../telemetry/attribute-sink.ts';
import type { Address } from '../config/values.ts';
import { WIRE_ERRORS } from '../wire/errors.ts';

/** A method of the contract. */
export type RpcMethod =
  | 'Authorize'
  | 'AuthorizeBatch'
  | 'AuthorizeStream'
  | 'Constraints'
  | 'WaitForApproval'
  | (typeof OF_APPROVALS)[number]
  | 'StartRun'
  | 'EndRun'
  | 'GetRun'
  | 'ReportOutcome';

/** Methods for the people who answer approvals. */
const OF_APPROVALS = ['ListApprovals', 'GetApproval', 'Approve', 'Deny', 'WatchApprovals'] as const;

/** What was called: a method of the contract, or a route of REST. */
export type Operation =
  | {
      readonly kind: 'rpc';
      readonly method: RpcMethod;
    }
  | {
      readonly kind: 'http';
      readonly method: string;
      readonly route: string;
      readonly scheme: 'http' | 'https';
    };

const DECISIONS = 'palisade.v1.AuthorizationService';
const APPROVALS = 'palisade.v1.ApprovalService';

/** Errors that are the server's own fault; of the others the caller is the cause. */
const FAULTS: ReadonlySet<string> = new Set(['internal', 'unavailable']);

/** A call's error code, where the server is at fault. */
export function faultOf(error: PdpError | undefined): string | undefined {
  return error !== undefined && FAULTS.has(error.code) ? error.code : undefined;
}

/** The fully qualified method, or the method and route, as the semantic conventions name spans. */
export function operationName(operation: Operation): string {
  return operation.kind === 'rpc'
    ? `${OF_APPROVALS.some((one) => one === operation.method) ? APPROVALS : DECISIONS}/${operation.method}`
    : `${operation.method} ${operation.route}`;
}

/** gRPC's status by name, such as `OK` or `INVALID_ARGUMENT`. */
export function rpcStatus(error: PdpError | undefined): string {
  return status[error === undefined ? status.OK : WIRE_ERRORS[error.code].grpc] ?? 'UNKNOWN';
}

/** Says what the semantic conventions for RPC and HTTP want on a SERVER span. */
export function describeOperation(
  operation: Operation,
  error: PdpError | undefined,
  address: Address,
  sink: AttributeSink,
): void {
  sink.text('server.address', address.host);
  sink.int('server.port', address.port);
  if (error !== undefined) sink.text('error.type', error.code);
  if (operation.kind === 'rpc') {
    sink.text('rpc.system.name', 'grpc');
    sink.text('rpc.method', operationName(operation));
    sink.text('rpc.status_code', rpcStatus(error));
  } else {
    sink.text('http.request.method', operation.method);
    sink.text('http.route', operation.route);
    sink.int('http.response.status_code', httpStatus(error));
    sink.text('url.path', operation.route);
    sink.text('url.scheme', operation.scheme);
  }
}

function httpStatus(error: PdpError | undefined): number {
  if (error === undefined) return 200;

  return 'status' in error && typeof error.status === 'number' ? error.status : WIRE_ERRORS[error.code].http;
}
