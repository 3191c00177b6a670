import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attributesOf, type Describe } from '../../../services/telemetry/attribute-sink.ts';
import type { TelemetryAttributes } from '../../../services/telemetry/attributes.ts';
import { type CallSpan, placedSpans, type Step } from '../../../services/telemetry/call-span.ts';
import type { CallEvent } from '../../../services/telemetry/events.ts';
import { type Encoded, exportRequest } from '../../../services/telemetry/otlp/envelope.ts';
import { createEventEncoder, SEVERITIES } from '../../../services/telemetry/otlp/events.ts';
import { createSpanEncoder } from '../../../services/telemetry/otlp/spans.ts';
import { SpanRecord } from '../../../services/telemetry/span-record.ts';
import type { TraceContext } from '../../../services/telemetry/trace-context.ts';
import type { Attributes, AttributeValue, ReceivedSpan } from '../../support/otlp/received.ts';
import { SIGNALS } from '../../support/otlp/schema.ts';

const RESOURCE = resourceFromAttributes({ 'service.name': 'palisade', 'deployment.environment': 'prüfung' });

// Around the lengths at which another way of writing begins, and longer than a slab.
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'grapheme-ascii', minLength: 90, maxLength: 110 }),
  fc.nat({ max: 30_000 }).map((units) => 'ä€'.repeat(units)),
);
const described: fc.Arbitrary<Describe> = fc
  .record(
    {
      'palisade.message': text,
      'palisade.run_id': text,
      'palisade.policy_codes': fc.array(text, { maxLength: 3 }),
      'palisade.state_sequence': fc.maxSafeInteger(),
    },
    { requiredKeys: [] },
  )
  .map((told) => (sink) => {
    if (told['palisade.message'] !== undefined) sink.text('palisade.message', told['palisade.message']);
    if (told['palisade.run_id'] !== undefined) sink.text('palisade.run_id', told['palisade.run_id']);
    if (told['palisade.policy_codes']) sink.texts('palisade.policy_codes', told['palisade.policy_codes']);
    const sequence = told['palisade.state_sequence'];
    if (sequence !== undefined) sink.int('palisade.state_sequence', sequence);
  });

const ids = { trace_id: hex(32), span_id: hex(16), sampled: fc.boolean() };
const traces: fc.Arbitrary<TraceContext> = fc.oneof(
  fc.record({ ...ids, parent_span_id: fc.constant(undefined), state: fc.constant(undefined) }),
  fc.record({
    ...ids,
    parent_span_id: hex(16),
    state: fc.option(fc.constantFrom('vendor=1', 'a=1,b=2', '=,=,,;', ''), { nil: undefined }),
  }),
);
const fault = fc.option(fc.constantFrom('internal', 'unavailable'), { nil: undefined });
const lasting = fc.record({
  describe: described,
  fault,
  startedAt: fc.nat({ max: 1_000_000_000 }).map(milliseconds),
  endedAt: fc.nat({ max: 1_000_000_000 }).map(milliseconds),
});
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc
    .tuple(lasting, fc.constantFrom('palisade.evaluate', 'palisade.record'))
    .map(([step, name]): Step => ({ ...step, kind: 'internal', name })),
  fc.tuple(lasting, text).map(([step, name]): Step => ({ ...step, kind: 'client', name })),
);
const calls: fc.Arbitrary<CallSpan> = fc
  .tuple(lasting, text, traces, fc.array(steps, { maxLength: 3 }))
  .map(([span, name, trace, within]) => ({ ...span, name, trace, steps: within }));

describe('spans as bytes', () => {
  test("are read as the stock serializer's", () => {
    const encode = createSpanEncoder(RESOURCE);
    fc.assert(
      fc.property(calls, (call) => {
        const placed = placedSpans(call);
        const records = placed.map((span) => new SpanRecord(span, RESOURCE));
        const stock = spansIn(ProtobufTraceSerializer.serializeRequest(records));

        expect(spansIn(exportRequest(placed.map(encode)))).toEqual(stock);
      }),
    );
  });

  test('stand where they belong: the call under its caller, each step under the call', () => {
    const encode = createSpanEncoder(RESOURCE);
    fc.assert(
      fc.property(calls, (call) => {
        const { trace_id, span_id, parent_span_id = '' } = call.trace;
        const [own, ...within] = spansIn(exportRequest(placedSpans(call).map(encode)));

        expect(own).toMatchObject({ traceId: trace_id, spanId: span_id, parentSpanId: parent_span_id });
        expect(within.map(({ name, kind }) => ({ name, kind }))).toEqual(
          call.steps.map(({ name, kind }) => ({ name, kind })),
        );
        for (const step of within) expect(step).toMatchObject({ traceId: trace_id, parentSpanId: span_id });
        expect(new Set([span_id, ...within.map(({ spanId }) => spanId)]).size).toBe(within.length + 1);
      }),
    );
  });
});

describe('log events as bytes', () => {
  const events: fc.Arbitrary<CallEvent> = fc.record({
    name: fc.constantFrom('palisade.decision', 'palisade.error'),
    at: fc.nat({ max: 4_102_444_800_000 }),
    trace: traces,
    severity: fc.constantFrom('info', 'error'),
    describe: described,
  });

  test('are read as they were told, any number of them in one export', () => {
    const encode = createEventEncoder(RESOURCE);
    fc.assert(
      fc.property(fc.array(events, { minLength: 1, maxLength: 5 }), (told) => {
        const received = decode('/v1/logs', exportRequest(told.map(encode))).logs;

        expect(received).toEqual(
          told.map((event) => ({
            resource: RESOURCE.attributes,
            scope: 'palisade',
            eventName: event.name,
            severityText: SEVERITIES[event.severity].text,
            severityNumber: SEVERITIES[event.severity].number,
            timeMs: event.at,
            traceId: event.trace.trace_id,
            spanId: event.trace.span_id,
            body: null,
            attributes: asReceived(attributesOf(event.describe)),
          })),
        );
      }),
    );
  });

  test('leave nothing behind where what describes them throws', () => {
    const encode = createEventEncoder(RESOURCE);
    const event = fc.sample(events, 1)[0];
    if (event === undefined) throw new Error('there is no event');
    const before = bytesOf(encode(event));
    const broken: Describe = (sink) => {
      sink.text('palisade.message', 'half');
      throw new Error('broken');
    };

    expect(() => encode({ ...event, describe: broken })).toThrow('broken');
    expect(bytesOf(encode(event))).toEqual(before);
  });
});

test('nothing to send is no request', () => {
  expect(exportRequest([])).toBeUndefined();
});

function hex(digits: number): fc.Arbitrary<string> {
  return fc.stringMatching(new RegExp(`^[0-9a-f]{${digits - 1}}[1-9a-f]$`));
}

/** The clock counts in microseconds. */
function milliseconds(microseconds: number): number {
  return microseconds / 1_000;
}

function spansIn(bytes: Uint8Array | undefined): readonly ReceivedSpan[] {
  return decode('/v1/traces', bytes).spans;
}

function decode(path: string, bytes: Uint8Array | undefined) {
  const signal = SIGNALS.find((each) => each.path === path);
  if (signal === undefined || bytes === undefined) throw new Error(`there is nothing for ${path}`);

  return signal.decode(Buffer.from(bytes));
}

function asReceived(told: TelemetryAttributes): Attributes {
  const members = Object.entries(told).map(([name, value]): [string, AttributeValue] => [
    name,
    typeof value === 'number' ? BigInt(value) : value,
  ]);

  return Object.fromEntries(members);
}

function bytesOf({ slab, start, end }: Encoded): Buffer {
  return Buffer.from(slab.subarray(start, end));
}
