import { status } from '@grpc/grpc-js';
import {
  createTraceState,
  ROOT_CONTEXT,
  SeverityNumber,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { AggregationType, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { describe, expect, test } from 'vitest';
import { overGrpc, overHttp, send } from './exporters.ts';
import { withOtlpReceiver } from './receiver.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const REMOTE = trace.setSpanContext(ROOT_CONTEXT, {
  traceId: TRACE_ID,
  spanId: SPAN_ID,
  traceFlags: TraceFlags.SAMPLED,
  traceState: createTraceState('vendor=state'),
});
const RESOURCE = { 'service.name': 'test', 'service.instance': 7 };
const RECEIVED_RESOURCE = { 'service.name': 'test', 'service.instance': 7n };

const GRPC_ERRORS = { refused: { code: status.UNAVAILABLE }, rejected: { code: status.INVALID_ARGUMENT } };
// Over HTTP the exporter tells only that it could have tried again.
const HTTP_ERRORS = { refused: { message: expect.stringContaining('retryable') }, rejected: { code: 400 } };

const PROTOCOLS = [
  { name: 'gRPC', make: overGrpc, ...GRPC_ERRORS, compression: CompressionAlgorithm.NONE },
  { name: 'gRPC with gzip', make: overGrpc, ...GRPC_ERRORS, compression: CompressionAlgorithm.GZIP },
  { name: 'HTTP', make: overHttp, ...HTTP_ERRORS, compression: CompressionAlgorithm.NONE },
  { name: 'HTTP with gzip', make: overHttp, ...HTTP_ERRORS, compression: CompressionAlgorithm.GZIP },
];

describe.each(PROTOCOLS)('over $name the receiver', ({ make, compression, refused, rejected }) => {
  test('decodes spans', async () => {
    await withOtlpReceiver(async (receiver) => {
      const exporter = make(receiver, compression).spans;
      const provider = new TracerProvider({
        resource: resourceFromAttributes(RESOURCE),
        spanProcessors: [new BatchSpanProcessor({ exporter })],
      });
      const tracer = provider.getTracer('scope');
      const root = tracer.startSpan('root', { startTime: 1_700_000_000_000.5 });
      root.setAttributes({ text: 'ä', yes: true, int: 2, double: 1.5, list: ['a', 'b'] });
      root.end(1_700_000_001_000);
      const child = tracer.startSpan('child', { kind: SpanKind.SERVER }, REMOTE);
      child.setStatus({ code: SpanStatusCode.ERROR, message: 'why' });
      child.end();
      await provider.shutdown();

      const common = { resource: RECEIVED_RESOURCE, scope: 'scope' };
      expect(receiver.spans()).toEqual([
        {
          ...common,
          traceId: root.spanContext().traceId,
          spanId: root.spanContext().spanId,
          parentSpanId: '',
          traceState: '',
          name: 'root',
          kind: 'internal',
          startMs: 1_700_000_000_000.5,
          endMs: 1_700_000_001_000,
          attributes: { text: 'ä', yes: true, int: 2n, double: 1.5, list: ['a', 'b'] },
          status: { code: 'unset', message: '' },
        },
        {
          ...common,
          traceId: TRACE_ID,
          spanId: child.spanContext().spanId,
          parentSpanId: SPAN_ID,
          traceState: 'vendor=state',
          name: 'child',
          kind: 'server',
          startMs: expect.any(Number),
          endMs: expect.any(Number),
          attributes: {},
          status: { code: 'error', message: 'why' },
        },
      ]);
    });
  });

  test('decodes metrics', async () => {
    await withOtlpReceiver(async (receiver) => {
      const provider = new MeterProvider({
        resource: resourceFromAttributes(RESOURCE),
        readers: [new PeriodicExportingMetricReader({ exporter: make(receiver, compression).metrics })],
        views: [
          {
            instrumentName: 'latency',
            aggregation: {
              type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
              options: { boundaries: [0.1, 1] },
            },
          },
        ],
      });
      const meter = provider.getMeter('scope');
      meter.createCounter('count', { unit: '{request}', description: 'of requests' }).add(3, { ok: true });
      meter.createUpDownCounter('in_flight').add(-2);
      meter.createGauge('level').record(0.5);
      const latency = meter.createHistogram('latency', { unit: 's' });
      for (const seconds of [0.5, 0.25, 8]) latency.record(seconds);
      await provider.shutdown();

      const common = { unit: '', description: '', resource: RECEIVED_RESOURCE, scope: 'scope' };
      expect(receiver.metrics().sort((one, other) => one.name.localeCompare(other.name))).toEqual([
        {
          ...common,
          name: 'count',
          unit: '{request}',
          description: 'of requests',
          kind: 'sum',
          monotonic: true,
          points: [{ attributes: { ok: true }, value: 3 }],
        },
        {
          ...common,
          name: 'in_flight',
          kind: 'sum',
          monotonic: false,
          points: [{ attributes: {}, value: -2 }],
        },
        {
          ...common,
          name: 'latency',
          unit: 's',
          kind: 'histogram',
          points: [{ attributes: {}, count: 3, sum: 8.75, bounds: [0.1, 1], bucketCounts: [0, 2, 1] }],
        },
        { ...common, name: 'level', kind: 'gauge', points: [{ attributes: {}, value: 0.5 }] },
      ]);
    });
  });

  test('decodes log records', async () => {
    await withOtlpReceiver(async (receiver) => {
      const exporter = make(receiver, compression).logs;
      const provider = new LoggerProvider({
        resource: resourceFromAttributes(RESOURCE),
        processors: [new BatchLogRecordProcessor({ exporter })],
      });
      const traceId = '0af7651916cd43dd8448eb211c80319c';
      const spanId = 'b7ad6b7169203331';
      provider.getLogger('scope').emit({
        eventName: 'something.happened',
        severityNumber: SeverityNumber.WARN,
        severityText: 'WARN',
        timestamp: 1_700_000_000_000,
        body: { nested: [1, null, { deep: 'yes' }], raw: Uint8Array.of(1, 2) },
        attributes: { big: 2 ** 40 },
        context: REMOTE,
      });
      provider.getLogger('scope').emit({ body: 'plain' });
      await provider.shutdown();

      const common = { resource: RECEIVED_RESOURCE, scope: 'scope' };
      expect(receiver.logs()).toEqual([
        {
          ...common,
          eventName: 'something.happened',
          severityNumber: 13,
          severityText: 'WARN',
          timeMs: 1_700_000_000_000,
          traceId,
          spanId,
          body: { nested: [1n, null, { deep: 'yes' }], raw: Buffer.of(1, 2) },
          attributes: { big: 2n ** 40n },
        },
        expect.objectContaining({ eventName: '', traceId: '', spanId: '', body: 'plain', attributes: {} }),
      ]);
    });
  });

  test('refuses, rejects, hangs, is slow, and is well again, as it is told', async () => {
    await withOtlpReceiver(async (receiver) => {
      const exporter = make(receiver, compression).spans;
      receiver.behave('refuse');
      expect(await send(exporter, 'refused')).toMatchObject(refused);

      receiver.behave('reject');
      expect(await send(exporter, 'rejected')).toMatchObject(rejected);

      receiver.behave('hang');
      expect(await send(exporter, 'lost')).toBeInstanceOf(Error);

      receiver.behave('slow', 50);
      expect(await send(exporter, 'late')).toBeUndefined();

      receiver.behave('ok');
      expect(await send(exporter, 'well')).toBeUndefined();

      expect(receiver.spans().map(({ name }) => name)).toEqual(['late', 'well']);
      receiver.clear();
      expect(receiver.spans()).toEqual([]);
      await exporter.shutdown();
    });
  });
});

describe('waiting', () => {
  test('ends with what is there already, or with the arrival that fits', async () => {
    await withOtlpReceiver(async (receiver) => {
      const exporter = overGrpc(receiver).spans;
      const named = (wanted: string) => () => receiver.spans().find(({ name }) => name === wanted);
      const second = receiver.waitFor(named('second'));
      await send(exporter, 'first');
      expect(await receiver.waitFor(named('first'))).toMatchObject({ name: 'first' });
      await send(exporter, 'second');
      expect(await second).toMatchObject({ name: 'second' });
      await exporter.shutdown();
    });
  });

  test('is given up after its time, and tells what arrived instead', async () => {
    await withOtlpReceiver(async (receiver) => {
      const nothing = () => undefined;
      await expect(receiver.waitFor(nothing, 10)).rejects.toThrow(/did not arrive, but:\nnothing$/);

      const exporter = overGrpc(receiver).spans;
      await send(exporter, 'another');
      await expect(receiver.waitFor(nothing, 10)).rejects.toThrow('internal span another {}');
      await exporter.shutdown();
    });
  });

  test('is given up when the receiver closes', async () => {
    const { waiting } = await withOtlpReceiver(async (receiver) => {
      const found = receiver.waitFor(() => undefined);

      return { waiting: expect(found).rejects.toThrow('did not arrive') };
    });

    await waiting;
  });

  test('fails with the error that the search throws', async () => {
    await withOtlpReceiver(async (receiver) => {
      const broken = receiver.waitFor(() => {
        throw new Error('a broken search');
      });

      await expect(broken).rejects.toThrow('a broken search');
    });
  });
});
