import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import type { ReceivedLog, ReceivedMetric, ReceivedSpan } from './received.ts';
import type { Signal } from './schema.ts';

/**
 * How exports are answered: `refuse` with UNAVAILABLE or 503, `reject` with INVALID_ARGUMENT or 400, `hang` never,
 * `slow` after a delay.
 */
export type Behaviour = 'ok' | 'refuse' | 'reject' | 'hang' | 'slow';

/** Why an export is not accepted. */
export class ExportRefusal extends Error {
  readonly code: ExportRefusalCode;

  constructor(code: ExportRefusalCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export type ExportRefusalCode = status.INVALID_ARGUMENT | status.RESOURCE_EXHAUSTED | status.UNAVAILABLE;

/** What both transports hand their exports to. */
export interface Intake {
  readonly spans: ReceivedSpan[];
  readonly metrics: ReceivedMetric[];
  readonly logs: ReceivedLog[];
  /** Emits `arrival` after each export that was accepted. */
  readonly events: EventEmitter<{ arrival: [] }>;
  behaviour: Behaviour;
  /** Of `slow`, in milliseconds. */
  delayMs: number;
  /**
   * Takes an export.
   * @returns the encoded answer.
   * @throws ExportRefusal where it behaves so, or the bytes are no export.
   */
  receive(signal: Signal, bytes: Buffer): Promise<Buffer>;
}

/** Most bytes of one export, after decompression; what gRPC allows unless told otherwise. */
export const EXPORT_BYTES = 4 * 1024 * 1024;

// The longest that a timer waits.
const LONGEST_MS = 2 ** 31 - 1;

/** Makes an intake that ends what hangs or waits as soon as `closing` is aborted. */
export function createIntake(closing: AbortSignal): Intake {
  const events = new EventEmitter<{ arrival: [] }>();
  events.setMaxListeners(0);
  const intake: Intake = {
    spans: [],
    metrics: [],
    logs: [],
    events,
    behaviour: 'ok',
    delayMs: 0,

    async receive(signal, bytes) {
      await behave(intake, closing);
      const { spans, metrics, logs } = decode(signal, bytes);
      append(intake.spans, spans);
      append(intake.metrics, metrics);
      append(intake.logs, logs);
      intake.events.emit('arrival');

      return signal.answer;
    },
  };

  return intake;
}

async function behave({ behaviour, delayMs }: Intake, closing: AbortSignal): Promise<void> {
  switch (behaviour) {
    case 'ok':
      return;
    case 'refuse':
      throw new ExportRefusal(status.UNAVAILABLE, 'told to refuse');
    case 'reject':
      throw new ExportRefusal(status.INVALID_ARGUMENT, 'told to reject');
    case 'hang':
      return pause(LONGEST_MS, closing);
    case 'slow':
      return pause(delayMs, closing);
  }
}

async function pause(ms: number, closing: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal: closing });
  } catch (cause) {
    throw new ExportRefusal(status.UNAVAILABLE, 'the receiver closes', { cause });
  }
}

function decode(signal: Signal, bytes: Buffer) {
  try {
    return signal.decode(bytes);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ExportRefusal(status.INVALID_ARGUMENT, `not an OTLP export: ${why}`, { cause });
  }
}

// An export may hold more than a call takes arguments, hence no push(...items).
function append<T>(list: T[], items: readonly T[]): void {
  for (const item of items) list.push(item);
}
