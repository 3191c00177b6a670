import { Server, ServerCredentials } from '@grpc/grpc-js';
import { PdpError } from '../../../engine/error.ts';
import { LIMITS } from '../../../engine/limits.ts';
import type { Office } from '../../approvals/office.ts';
import { addressText } from '../../config/values.ts';
import type { ServerTls } from '../../tls/follow-files.ts';
import type { Handling } from '../serve.ts';
import { APPROVAL_SERVICE, approvalHandlers, approvalServiceDefinition } from './approvals.ts';
import { readCertificate } from './certificate.ts';
import { decisionServiceDefinition, SERVICE_NAME } from './contract.ts';
import { createHealth, HEALTH } from './health.ts';
import { receiveTimeout } from './receive-timeout.ts';
import { addReflection } from './reflection.ts';
import { type DecisionStream, type StreamCall, serveStream } from './stream.ts';
import { createTlsPort } from './tls-port.ts';
import {
  authorizeHandler,
  batchHandler,
  constraintsHandler,
  endRunHandler,
  getRunHandler,
  outcomeHandler,
  startRunHandler,
  waitHandler,
} from './unary.ts';

export interface GrpcServerOptions extends Handling {
  /** Serves reflection, which tells anyone who connects what the contract is. */
  readonly reflection: boolean;
  /** Milliseconds for a request message to arrive. @defaultValue `LIMITS.receive_ms` */
  readonly receiveTimeoutMs?: number;
  /** Where people answer approvals; absent: not here. */
  readonly office?: Office | undefined;
  /** Absent: plain HTTP/2. */
  readonly tls?: ServerTls | undefined;
}

/** The gRPC side of the decision service. */
export interface GrpcServer {
  /**
   * Begins to listen.
   * @param port 0 takes a free one.
   * @returns the port.
   */
  listen(host: string, port: number): Promise<number>;
  /** Says through `grpc.health.v1` whether decisions are served; at first they are not. */
  serving(serving: boolean): void;
  /**
   * Stops: takes nothing new, tells clients to go (GOAWAY), answers what is in flight, and after the deadline cuts off
   * what is left.
   */
  shutdown(deadlineMs: number): Promise<void>;
}

// RFC 9113, section 6.5.2 recommends no fewer. Each may hold one message of at most `batch_bytes` while it arrives.
const STREAMS_PER_CONNECTION = 100;
// A peer that vanished without a word is let go after these two together.
const KEEPALIVE_MS = 60_000;
const KEEPALIVE_TIMEOUT_MS = 20_000;

export function createGrpcServer(options: GrpcServerOptions): GrpcServer {
  const { tls } = options;
  const asksClients = tls !== undefined && tls.clients !== 'off';
  const server = new Server({
    interceptors: [
      receiveTimeout(options.receiveTimeoutMs ?? LIMITS.receive_ms),
      ...(asksClients ? [readCertificate] : []),
    ],
    'grpc.max_receive_message_length': LIMITS.batch_bytes,
    'grpc.max_concurrent_streams': STREAMS_PER_CONNECTION,
    // Keeps figures of every call that nobody here reads.
    'grpc.enable_channelz': 0,
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
  });
  const health = createHealth([SERVICE_NAME, APPROVAL_SERVICE]);
  const streams = new Set<DecisionStream>();
  const tlsPort = tls === undefined ? undefined : createTlsPort(server, tls);
  let stopping: PdpError | undefined;
  let closed: Promise<void> | undefined;

  server.addService(decisionServiceDefinition(), {
    Authorize: authorizeHandler(options),
    AuthorizeBatch: batchHandler(options),
    Constraints: constraintsHandler(options),
    StartRun: startRunHandler(options),
    EndRun: endRunHandler(options),
    GetRun: getRunHandler(options),
    ReportOutcome: outcomeHandler(options),
    WaitForApproval: waitHandler(options),
    AuthorizeStream: (call: StreamCall) => {
      const stream = serveStream(options, call);
      streams.add(stream);
      call.once('cancelled', () => streams.delete(stream));
      if (stopping !== undefined) stream.end(stopping);
    },
  });
  const people = options.office === undefined ? undefined : approvalHandlers(options, options.office);
  if (people !== undefined) server.addService(approvalServiceDefinition(), people.implementation);
  server.addService(HEALTH, health.implementation);
  if (options.reflection) addReflection(server);

  return {
    listen(host, port) {
      return tlsPort === undefined ? bind(server, host, port) : tlsPort.listen(host, port);
    },

    serving: health.setServing,

    shutdown(deadlineMs) {
      const error = new PdpError('unavailable', 'the server is shutting down; send what is unanswered again');
      stopping = error;
      health.setServing(false);
      health.close();
      people?.close();
      for (const stream of streams) stream.end(error);
      tlsPort?.close();
      closed ??= closeServer(server, deadlineMs);

      return closed;
    },
  };
}

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(addressText({ host, port }), ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
}

function closeServer(server: Server, deadlineMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => server.forceShutdown(), deadlineMs);
    server.tryShutdown((error) => {
      clearTimeout(timer);
      if (error === undefined) resolve();
      else reject(error);
    });
  });
}
