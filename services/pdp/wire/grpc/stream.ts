import type { ServerDuplexStream } from '@grpc/grpc-js';
import { PdpError, toPdpError } from '../../../engine/error.ts';
import { LIMITS } from '../../../engine/limits.ts';
import { nextTurn } from '../../turns.ts';
import type { AuthorizeCall } from '../../types.ts';
import { type Handling, serve } from '../serve.ts';
import { callerOf, leftSignal, timeoutOf, traceOf } from './call-scope.ts';
import type { Incoming } from './contract.ts';
import { encodeResult } from './reply.ts';
import { type GrpcRequest, readRequest } from './request.ts';
import { grpcStatus } from './status.ts';

export type StreamCall = ServerDuplexStream<Incoming, Buffer>;

/** One AuthorizeStream that is open. */
export interface DecisionStream {
  /** Stops reading, answers what was read, then ends the stream with this error. */
  end(error: PdpError): void;
}

/**
 * Serves one AuthorizeStream until the client ends it, its credential is no longer valid, or {@link DecisionStream.end}.
 *
 * A message counts as in flight from when it is read until its result has left for the client. So a client that does
 * not read its results is not read itself after `stream_in_flight` messages, and holds no more memory than that.
 */
export function serveStream(handling: Handling, call: StreamCall): DecisionStream {
  const left = leftSignal(call);
  const requestIds = new Set<string>();
  let inFlight = 0;
  let ending: { readonly error: PdpError | undefined } | undefined;

  call.on('data', (incoming: Incoming) => {
    inFlight += 1;
    if (inFlight >= LIMITS.stream_in_flight) call.pause();
    void answer(incoming);
  });
  call.once('end', () => end(undefined));

  async function answer(incoming: Incoming): Promise<void> {
    await nextTurn();
    const result = await decide(readRequest(incoming));
    if (result === undefined) settled();
    else call.write(result, settled);
  }

  /** Nothing comes of a message whose credential is refused: then the stream ends. */
  async function decide(request: GrpcRequest): Promise<Buffer | undefined> {
    let claimed = false;
    try {
      const reply = await serve(handling, {
        transport: 'grpc',
        operation: { kind: 'rpc', method: 'AuthorizeStream' },
        trace: traceOf(handling, call, request.traceparents),
        left,
        authenticate: () => callerOf(handling.service, call),
        read: () => {
          const authorizeCall = claim(request, requestIds);
          claimed = true;
          return authorizeCall;
        },
        timeoutMs: () => timeoutOf(call),
        decide: (authorizeCall, scope) => handling.service.authorize(authorizeCall, scope),
      });
      return encodeResult(request.request_id, reply);
    } catch (thrown) {
      const error = toPdpError(thrown);
      if (error.code !== 'unauthenticated') return encodeResult(request.request_id, error);

      end(error);
      return undefined;
    } finally {
      if (claimed) requestIds.delete(request.request_id);
    }
  }

  function settled(): void {
    inFlight -= 1;
    if (ending === undefined) call.resume();
    else closeWhenAnswered();
  }

  function end(error: PdpError | undefined): void {
    // A client may have ended its requests before one of them turns out to end the stream.
    if (ending !== undefined && (ending.error !== undefined || error === undefined)) return;

    ending = { error };
    call.removeAllListeners('data');
    call.pause();
    closeWhenAnswered();
  }

  function closeWhenAnswered(): void {
    if (inFlight > 0 || ending === undefined) return;

    if (ending.error === undefined) call.end();
    else call.emit('error', grpcStatus(ending.error, traceOf(handling, call).trace_id));
  }

  return { end };
}

/** Takes a request's id for as long as it is in flight. @throws PdpError what is wrong with the request. */
function claim({ request_id, call }: GrpcRequest, requestIds: Set<string>): AuthorizeCall {
  if (call instanceof PdpError) throw call;

  if (request_id === '') throw badId('request_id is required on a stream');
  if (requestIds.has(request_id)) throw badId('request_id is in flight already');

  requestIds.add(request_id);
  return call;
}

function badId(message: string): PdpError {
  return new PdpError('invalid_request', message, { field: 'request_id' });
}
