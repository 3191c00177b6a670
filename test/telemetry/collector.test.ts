import { expect, test } from 'vitest';
import { createDecisionClient } from '../support/decision-client.ts';
import { COLLECTOR_HINT, findCollector, withCollector } from '../support/otlp/collector.ts';
import { deployPolicies, withWorld } from '../support/server.ts';
import { type Protocol, SENT_OFTEN, sentTo } from './support/observed.ts';

const collector = findCollector();

test.for<Protocol>(['grpc', 'http/protobuf'])(
  'the OpenTelemetry Collector takes spans, events and metrics over %s',
  async (protocol, { skip }) => {
    if (collector === undefined) return skip(COLLECTOR_HINT);

    await withCollector(collector, (running) =>
      withWorld(async (world) => {
        const always = { OTEL_TRACES_SAMPLER: 'always_on' };
        const server = await world.serve({ ...SENT_OFTEN, ...sentTo(running, protocol), ...always });
        const digest = await deployPolicies(world, server.addresses.admin, 'policies/coding-agent');
        const client = createDecisionClient(server.addresses, world.runtimeToken);
        const outcome = await client.grpc({
          principal: { type: 'Agent', id: 'build-bot' },
          action: { type: 'Action', id: 'git_push' },
          resource: { type: 'Repo', id: 'palisade' },
          context_json: JSON.stringify({ input: { branch: 'main' } }),
        });
        client.close();
        expect(outcome['decision']).toBe('deny');

        for (const part of [
          `"traceId":"${String(outcome['trace_id'])}"`,
          String(outcome['decision_id']),
          digest,
          'palisade.evaluate',
          'palisade.decisions',
        ]) {
          await expect.poll(running.exported, { timeout: 10_000 }).toContain(part);
        }
      }),
    );
  },
);
