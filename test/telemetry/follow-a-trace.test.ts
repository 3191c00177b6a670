import { SpanKind } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { describe, expect, test } from 'vitest';
import { usePalisade } from '../cli/support/run.ts';
import { ask, type GrpcMethod, withGrpc } from '../pdp/support/grpc.ts';
import { send } from '../pdp/support/http.ts';
import type { ReceivedSpan } from '../support/otlp/received.ts';
import { type Observed, withObserved } from './support/observed.ts';

const PUSH_TO_MAIN = {
  principal: { type: 'Agent', id: 'build-bot' },
  action: { type: 'Action', id: 'git_push' },
  resource: { type: 'Repo', id: 'palisade' },
  run: {
    run_id: 'run-7',
    agent_id: 'build-bot',
    tool_name: 'git',
    tool_call_id: 'call-1',
    conversation_id: 'c-9',
  },
};
const CONTEXT = { input: { branch: 'main' } };

/** An agent runtime's own span, which a call is made within. */
interface ClientSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceparent: string;
}

function clientSpan(): ClientSpan {
  const provider = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter: new InMemorySpanExporter() })],
  });
  const span = provider.getTracer('agent').startSpan('execute_tool git', { kind: SpanKind.CLIENT });
  span.end();
  const { traceId, spanId } = span.spanContext();

  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-01` };
}

async function overRest({ server, world }: Observed, { traceparent }: ClientSpan): Promise<unknown> {
  const { json } = await send(server.addresses.rest, {
    method: 'POST',
    path: '/v1/authorize',
    headers: {
      authorization: `Bearer ${world.runtimeToken}`,
      'content-type': 'application/json',
      traceparent,
    },
    body: JSON.stringify({ ...PUSH_TO_MAIN, context: CONTEXT }),
  });

  return json?.['decision'];
}

function overGrpc(method: GrpcMethod) {
  return ({ server, world }: Observed, { traceparent }: ClientSpan): Promise<unknown> =>
    withGrpc(server.addresses.grpc, (client) => {
      const request = { ...PUSH_TO_MAIN, context_json: JSON.stringify(CONTEXT) };

      return method === 'AuthorizeStream'
        ? ask(client, method, { ...request, traceparent }, `Bearer ${world.runtimeToken}`)
        : ask(client, method, request, `Bearer ${world.runtimeToken}`, { traceparent });
    });
}

const WAYS = [
  ['REST', 'POST /v1/authorize', overRest],
  ['gRPC', 'palisade.v1.AuthorizationService/Authorize', overGrpc('Authorize')],
  ['a gRPC batch', 'palisade.v1.AuthorizationService/AuthorizeBatch', overGrpc('AuthorizeBatch')],
  ['a message of a stream', 'palisade.v1.AuthorizationService/AuthorizeStream', overGrpc('AuthorizeStream')],
] as const;

const palisade = usePalisade();

describe.each(['grpc', 'http/protobuf'] as const)('with telemetry sent over %s', (protocol) => {
  test('a trace leads from the span of a client to the decision record, and back', async () => {
    await withObserved(protocol, { OTEL_SERVICE_NAME: 'pdp-under-test' }, async (observed) => {
      const { receiver, world, server, digest } = observed;
      const env = {
        PALISADE_ADMIN_URL: `http://${server.addresses.admin}`,
        PALISADE_TOKEN: world.adminToken,
      };
      for (const [, name, call] of WAYS) {
        const client = clientSpan();
        expect(String(await call(observed, client)).toLowerCase()).toBe('deny');

        const ofTrace = ({ traceId }: { readonly traceId: string }) => traceId === client.traceId;
        const spans = await receiver.waitFor(({ spans }) => {
          const found = spans().filter(ofTrace);

          return found.length === 3 ? found : undefined;
        });
        const [root, evaluate, record] = ['server', 'evaluate', 'record'].map((what) =>
          spans.find((span) => span.kind === what || span.name === `palisade.${what}`),
        ) as [ReceivedSpan, ReceivedSpan, ReceivedSpan];
        expect(root).toMatchObject({ name, parentSpanId: client.spanId, status: { code: 'unset' } });
        expect(root.resource['service.name']).toBe('pdp-under-test');
        expect(evaluate.parentSpanId).toBe(root.spanId);
        expect(record.parentSpanId).toBe(root.spanId);
        expect(root.startMs).toBeLessThanOrEqual(evaluate.startMs);
        expect(evaluate.endMs).toBeLessThanOrEqual(record.startMs + 0.001);
        expect(record.endMs).toBeLessThanOrEqual(root.endMs + 0.001);

        const event = await receiver.waitFor(({ logs }) => logs().find(ofTrace));
        expect(event).toMatchObject({ eventName: 'palisade.decision', spanId: root.spanId });
        for (const { attributes } of [root, event]) {
          expect(attributes).toMatchObject({
            'palisade.bundle.digest': digest,
            'palisade.decision': 'deny',
            'palisade.reason_code': 'forbidden',
            'palisade.determining_policies': ['no-push-to-main'],
            'palisade.store': 'default',
            'palisade.run_id': 'run-7',
            'gen_ai.tool.name': 'git',
            'gen_ai.agent.id': 'build-bot',
            'gen_ai.tool.call.id': 'call-1',
            'gen_ai.conversation.id': 'c-9',
          });
        }

        const id = String(event.attributes['palisade.decision_id']);
        await expect
          .poll(async () => (await palisade(['log', 'show', id, '--json'], env)).stdout, { timeout: 5_000 })
          .toContain(client.traceId);
        const found = await palisade(['log', 'query', '--trace', client.traceId, '--json'], env);
        expect(JSON.parse(found.stdout)).toMatchObject({
          decision_id: id,
          trace: { trace_id: client.traceId, parent_span_id: client.spanId },
          bundle: { digest },
        });
      }
    });
  });
});
