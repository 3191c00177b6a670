import type { Deadline, Metadata } from '@grpc/grpc-js';
import { LIMITS } from '../../../engine/limits.ts';
import { CallSignal } from '../../call-signal.ts';
import { certificateBehind } from '../../tls/client-certificate.ts';
import type { Caller, DecisionService, TraceContext } from '../../types.ts';
import { bearerToken } from '../bearer.ts';
import { WAIT_TIMEOUT_MS } from '../deadline.ts';
import { isLoopbackPeer } from '../loopback.ts';
import type { Handling } from '../serve.ts';

/** What a call of any kind tells about itself. */
interface ServerCall {
  readonly metadata: Metadata;
  getPeer(): string;
  getDeadline(): Deadline;
  once(event: 'cancelled', listener: () => void): unknown;
}

/** Names who calls. @throws PdpError `unauthenticated`. */
export function callerOf(service: DecisionService, call: ServerCall): Caller {
  return service.authenticate(
    bearerToken(texts(call.metadata, 'authorization')),
    isLoopbackPeer(call.getPeer()),
    certificateBehind(call.metadata),
  );
}

/** The trace of one message: its own `traceparent` where it brings one, else that of the call. */
export function traceOf(
  { observer }: Pick<Handling, 'observer'>,
  { metadata }: ServerCall,
  traceparents: readonly string[] = [],
): TraceContext {
  if (traceparents.length > 0) return observer.begin(traceparents);

  return observer.begin(texts(metadata, 'traceparent'), texts(metadata, 'tracestate'));
}

/** Milliseconds for one decision: what is left of the call's deadline, at most `deadline_ms`. */
export function timeoutOf(call: ServerCall): number {
  return Math.min(LIMITS.deadline_ms, Number(call.getDeadline()) - Date.now());
}

/** The same for a wait, which is not for a machine. */
export function waitTimeoutOf(call: ServerCall): number {
  return Math.min(WAIT_TIMEOUT_MS, Number(call.getDeadline()) - Date.now());
}

/** Aborts when the client cancels, disconnects or lets its deadline pass. */
export function leftSignal(call: ServerCall): CallSignal {
  const left = new CallSignal();
  call.once('cancelled', () => left.abort());

  return left;
}

function texts(metadata: Metadata, key: string): string[] {
  return metadata.get(key).map(String);
}
