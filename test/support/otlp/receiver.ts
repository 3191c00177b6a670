import { once } from 'node:events';
import { inspect } from 'node:util';
import { withGrpcServer } from './grpc.ts';
import { withHttpServer } from './http.ts';
import { type Behaviour, createIntake, type Intake } from './intake.ts';
import type { ReceivedLog, ReceivedMetric, ReceivedSpan } from './received.ts';

/** Takes telemetry over OTLP, on loopback, and keeps what it decoded. */
export interface OtlpReceiver {
  /** `http://127.0.0.1:PORT`, for OTLP/gRPC. */
  readonly grpcUrl: string;
  /** `http://127.0.0.1:PORT`, for OTLP/HTTP with protobuf, plain or gzip; the paths `/v1/…` go below it. */
  readonly httpUrl: string;
  /** Everything so far, in the order of arrival. */
  spans(): ReceivedSpan[];
  metrics(): ReceivedMetric[];
  logs(): ReceivedLog[];
  /**
   * Settles when `find` gives something truthy; it is asked at once and after each arrival.
   * @throws Error with what did arrive, after `timeoutMs` or when the receiver closes.
   */
  waitFor<T>(find: (received: OtlpReceiver) => T | undefined, timeoutMs?: number): Promise<NonNullable<T>>;
  /** How it behaves from now on; what came before keeps hanging, or waiting. `delayMs` is of `slow`. */
  behave(how: Behaviour, delayMs?: number): void;
  /** Forgets what arrived. */
  clear(): void;
}

const WAIT_MS = 10_000;
const SLOW_MS = 250;

/** Runs `body` with a receiver of its own; then frees its ports and cuts off every connection, hanging ones too. */
export async function withOtlpReceiver<T>(body: (receiver: OtlpReceiver) => Promise<T>): Promise<T> {
  const closing = new AbortController();
  const intake = createIntake(closing.signal);
  try {
    return await withGrpcServer(intake, (grpcPort) =>
      withHttpServer(intake, (httpPort) => body(createReceiver(intake, grpcPort, httpPort, closing.signal))),
    );
  } finally {
    closing.abort();
  }
}

function createReceiver(
  intake: Intake,
  grpcPort: number,
  httpPort: number,
  closing: AbortSignal,
): OtlpReceiver {
  const receiver: OtlpReceiver = {
    grpcUrl: `http://127.0.0.1:${grpcPort}`,
    httpUrl: `http://127.0.0.1:${httpPort}`,
    spans: () => [...intake.spans],
    metrics: () => [...intake.metrics],
    logs: () => [...intake.logs],

    async waitFor(find, timeoutMs = WAIT_MS) {
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(), timeoutMs);
      const signal = AbortSignal.any([late.signal, closing]);
      try {
        for (;;) {
          const found = find(receiver);
          if (found) return found;
          await nextArrival(intake, signal);
        }
      } finally {
        clearTimeout(timer);
      }
    },

    behave(how, delayMs = SLOW_MS) {
      intake.behaviour = how;
      intake.delayMs = delayMs;
    },

    clear() {
      for (const list of [intake.spans, intake.metrics, intake.logs]) list.length = 0;
    },
  };

  return receiver;
}

async function nextArrival(intake: Intake, signal: AbortSignal): Promise<void> {
  try {
    await once(intake.events, 'arrival', { signal });
  } catch (cause) {
    throw new Error(`what was awaited did not arrive, but:\n${describe(intake)}`, { cause });
  }
}

function describe({ spans, metrics, logs }: Intake): string {
  const lines = [
    ...spans.map(({ kind, name, attributes }) => `${kind} span ${name} ${inspect(attributes)}`),
    ...metrics.map(({ kind, name, points }) => `${kind} ${name} ${inspect(points, { depth: 2 })}`),
    ...logs.map(
      ({ eventName, body, attributes }) => `log ${eventName} ${inspect(body)} ${inspect(attributes)}`,
    ),
  ];

  return lines.length === 0 ? 'nothing' : lines.join('\n');
}
