import { type SpanContext, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { PlacedSpan } from '../call-span.ts';
import { AttributeWriter } from './attribute-writer.ts';
import { type Encoded, ITEM_FIELD } from './envelope.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

// Field numbers of opentelemetry/proto/trace/v1/trace.proto.
const SPAN = {
  traceId: 1,
  spanId: 2,
  traceState: 3,
  parentSpanId: 4,
  name: 5,
  kind: 6,
  startTime: 7,
  endTime: 8,
  attributes: 9,
  status: 15,
  flags: 16,
} as const;
const STATUS = { message: 2, code: 3 } as const;
const KIND = { internal: 1, server: 2, client: 3 } as const satisfies Record<PlacedSpan['kind'], number>;

const SAMPLED = 0x01;
/** Says that the next bit means something: whether the parent is another process's. */
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;

/** A span in the SDK's queue, which asks it for nothing but its flags. */
export interface EncodedSpan extends Encoded {
  spanContext(): SpanContext;
}

/** Only spans that are kept come to be encoded. */
const KEPT: SpanContext = { traceId: '', spanId: '', traceFlags: TraceFlags.SAMPLED };

/** Writes spans as they end. The SDK's own way costs the decision path ten times as much. */
export function createSpanEncoder(resource: Resource): (span: PlacedSpan) => EncodedSpan {
  const writer = new ProtobufWriter();
  const attributes = new AttributeWriter(writer, SPAN.attributes);

  return ({ traceId, spanId, parent, state, name, kind, startMs, endMs, describe, fault }) => {
    // What a span that threw has left.
    writer.drop();
    const span = writer.open(ITEM_FIELD);
    writer.hex(SPAN.traceId, traceId);
    writer.hex(SPAN.spanId, spanId);
    if (state !== '') writer.text(SPAN.traceState, state);
    if (parent !== undefined) writer.hex(SPAN.parentSpanId, parent.spanId);
    writer.text(SPAN.name, name);
    writer.varint(SPAN.kind, KIND[kind]);
    writer.time(SPAN.startTime, startMs);
    writer.time(SPAN.endTime, endMs);
    attributes.write(describe);
    if (fault !== undefined) writeError(fault);
    writer.fixed32(SPAN.flags, SAMPLED | HAS_IS_REMOTE | (parent?.isRemote === true ? IS_REMOTE : 0));
    writer.close(span);

    return { resource, spanContext, ...writer.take() };
  };

  function writeError(message: string): void {
    const status = writer.open(SPAN.status);
    writer.text(STATUS.message, message);
    writer.varint(STATUS.code, SpanStatusCode.ERROR);
    writer.close(status);
  }
}

function spanContext(): SpanContext {
  return KEPT;
}
