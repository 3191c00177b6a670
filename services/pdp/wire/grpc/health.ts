import { fileURLToPath } from 'node:url';
import type {
  handleServerStreamingCall,
  handleUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
} from '@grpc/grpc-js';
import { status, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { READING } from './contract.ts';

/** The official definition. Only its text: what the package is besides loads a second proto-loader with each start. */
export const HEALTH_PROTO = fileURLToPath(
  import.meta.resolve('grpc-health-check/proto/health/v1/health.proto'),
);
export const HEALTH = loadSync(HEALTH_PROTO, READING)['grpc.health.v1.Health'] as ServiceDefinition;

interface HealthCheckRequest {
  readonly service: string;
}

interface HealthCheckResponse {
  readonly status: 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';
}

type Watch = ServerWritableStream<HealthCheckRequest, HealthCheckResponse>;

/** The standard `grpc.health.v1.Health` over a fixed set of service names. */
export interface Health {
  readonly implementation: UntypedServiceImplementation;
  setServing(serving: boolean): void;
  /** Ends every Watch, which would keep a shutdown waiting. */
  close(): void;
}

/**
 * Makes the health service; at first nothing serves. The empty name stands for the server as a whole.
 *
 * The handlers are ours over the official definition: the package's own keep a table entry for every name that a client
 * ever watched, and never end a Watch.
 */
export function createHealth(services: readonly string[]): Health {
  const names = new Set(['', ...services]);
  const watches = new Set<Watch>();
  let current: HealthCheckResponse = { status: 'NOT_SERVING' };
  let closed = false;

  const check: handleUnaryCall<HealthCheckRequest, HealthCheckResponse> = (call, callback) => {
    if (names.has(call.request.service)) callback(null, current);
    else callback({ code: status.NOT_FOUND, details: 'unknown service' });
  };

  const watch: handleServerStreamingCall<HealthCheckRequest, HealthCheckResponse> = (call) => {
    const known = names.has(call.request.service);
    call.write(known ? current : { status: 'SERVICE_UNKNOWN' });
    if (closed) {
      call.end();
      return;
    }

    watches.add(call);
    call.once('cancelled', () => watches.delete(call));
  };

  const list: handleUnaryCall<object, { statuses: Record<string, HealthCheckResponse> }> = (
    _call,
    callback,
  ) => {
    callback(null, { statuses: Object.fromEntries([...names].map((name) => [name, current])) });
  };

  return {
    implementation: { check, watch, list },

    setServing(serving) {
      current = { status: serving ? 'SERVING' : 'NOT_SERVING' };
      for (const call of watches) {
        if (names.has(call.request.service)) call.write(current);
      }
    },

    close() {
      closed = true;
      for (const call of watches) call.end();
    },
  };
}
