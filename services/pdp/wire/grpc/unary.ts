import type { handleUnaryCall, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { PdpError, toPdpError } from '../../../engine/error.ts';
import type { RpcMethod } from '../../observe/operation.ts';
import { nextTurn } from '../../turns.ts';
import type { CallScope } from '../../types.ts';
import { batchItems } from '../protobuf/peek.ts';
import { decideBatch, type Handling, serve, type UnreadBatch } from '../serve.ts';
import { callerOf, leftSignal, timeoutOf, traceOf, waitTimeoutOf } from './call-scope.ts';
import { encodeConstraints } from './constraints-reply.ts';
import { bounded, type Incoming } from './contract.ts';
import { encodeOutcome, readOutcome } from './outcome.ts';
import { encodeBatch, encodeResponse, encodeWait } from './reply.ts';
import { readConstraints, readRequest, readRunCall, readStartRun, readWait } from './request.ts';
import { encodeRun } from './run-reply.ts';
import { grpcStatus } from './status.ts';

/** Handles Authorize. */
export function authorizeHandler(handling: Handling): handleUnaryCall<Incoming, Buffer> {
  return unary(handling, 'Authorize', readOne, async (call, scope) =>
    encodeResponse(await handling.service.authorize(call, scope)),
  );
}

/** Handles AuthorizeBatch: a request that cannot be read is an error in its place, and nowhere else. */
export function batchHandler(handling: Handling): handleUnaryCall<Incoming, Buffer> {
  return unary(handling, 'AuthorizeBatch', readBatch, async (requests, scope) =>
    encodeBatch(await decideBatch(handling.service, requests, scope)),
  );
}

/** Handles Constraints. */
export function constraintsHandler(handling: Handling): handleUnaryCall<Incoming, Buffer> {
  return unary(handling, 'Constraints', readConstraints, async (call, scope) =>
    encodeConstraints(await handling.service.constraints(call, scope)),
  );
}

/** Handles StartRun. */
export function startRunHandler(handling: Handling): handleUnaryCall<Incoming, Buffer> {
  return unary(handling, 'StartRun', readStartRun, async (call, scope) =>
    encodeRun(await handling.service.startRun(call, scope)),
  );
}

/** Handles EndRun. */
export function endRunHandler(handling: Handling): handleUnaryCall<Incoming, Buffer> {
  return unary(handling, 'EndRun', readRunCall, async (call, scope) =>
    encodeRun(await handling.service.endRun(call, scope)),
  );
}

/** Handles GetRun. */
export function getRunHandler(handling: Handling): handleUnaryCall<Incoming, Buffer> {
  return unary(handling, 'GetRun', readRunCall, async (call, scope) =>
    encodeRun(await handling.service.getRun(call, scope)),
  );
}

/** Handles ReportOutcome. */
export function outcomeHandler(handling: Handling): handleUnaryCall<Incoming, Buffer> {
  return unary(handling, 'ReportOutcome', readOutcome, async (call, scope) =>
    encodeOutcome(await handling.service.reportOutcome(call, scope)),
  );
}

/** Handles WaitForApproval, which lasts as long as it says. */
export function waitHandler(handling: Handling): handleUnaryCall<Incoming, Buffer> {
  return unary(
    handling,
    'WaitForApproval',
    readWait,
    async (call, scope) => encodeWait(await handling.service.waitForApproval(call, scope)),
    waitTimeoutOf,
  );
}

function unary<Request>(
  handling: Handling,
  method: Exclude<RpcMethod, 'AuthorizeStream'>,
  read: (incoming: Incoming) => Request | Promise<Request>,
  decide: (request: Request, scope: CallScope) => Promise<Buffer>,
  timeout: (call: ServerUnaryCall<Incoming, Buffer>) => number = timeoutOf,
): handleUnaryCall<Incoming, Buffer> {
  return (call, callback) => void answer(handling, method, call, callback, { read, decide, timeout });
}

interface Handler<Request> {
  readonly read: (incoming: Incoming) => Request | Promise<Request>;
  readonly decide: (request: Request, scope: CallScope) => Promise<Buffer>;
  readonly timeout: (call: ServerUnaryCall<Incoming, Buffer>) => number;
}

async function answer<Request>(
  handling: Handling,
  method: Exclude<RpcMethod, 'AuthorizeStream'>,
  call: ServerUnaryCall<Incoming, Buffer>,
  callback: sendUnaryData<Buffer>,
  { read, decide, timeout }: Handler<Request>,
): Promise<void> {
  const trace = traceOf(handling, call);
  try {
    const reply = await serve(handling, {
      transport: 'grpc',
      operation: { kind: 'rpc', method },
      trace,
      left: leftSignal(call),
      authenticate: () => callerOf(handling.service, call),
      async read() {
        await nextTurn();

        return read(call.request);
      },
      timeoutMs: () => timeout(call),
      decide,
    });
    callback(null, reply);
  } catch (thrown) {
    callback(grpcStatus(toPdpError(thrown), trace.trace_id));
  }
}

function readOne(incoming: Incoming) {
  const { call } = readRequest(incoming);
  if (call instanceof PdpError) throw call;

  return call;
}

function readBatch(incoming: Incoming): UnreadBatch {
  if (!Buffer.isBuffer(incoming)) throw incoming.error;

  return { items: batchItems(incoming), read: (item) => readRequest(bounded('body_bytes', item)) };
}
