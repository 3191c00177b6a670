import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { createDecisionClient } from '../support/decision-client.ts';
import { withOtlpReceiver } from '../support/otlp/receiver.ts';
import { deployPolicies, type ServerProcess, type ServerWorld, withWorld } from '../support/server.ts';
import { metricsOf, SENT_OFTEN, sentTo } from './support/observed.ts';

const QUESTION = JSON.stringify({
  principal: { type: 'Agent', id: 'build-bot' },
  action: { type: 'Action', id: 'git_push' },
  resource: { type: 'Repo', id: 'palisade' },
  context: { input: { branch: 'main' } },
});

/** Little room, so that it fills up within a test. */
const SMALL = {
  ...SENT_OFTEN,
  OTEL_TRACES_SAMPLER: 'always_on',
  OTEL_BSP_MAX_QUEUE_SIZE: '16',
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '8',
  OTEL_BLRP_MAX_QUEUE_SIZE: '16',
  OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: '8',
  OTEL_EXPORTER_OTLP_TIMEOUT: '300',
};
const CALLS = 200;

async function askMany({ addresses }: ServerProcess, { runtimeToken }: ServerWorld): Promise<void> {
  const client = createDecisionClient(addresses, runtimeToken);
  const outcomes = await Promise.all(Array.from({ length: CALLS }, () => client.rest(QUESTION)));
  client.close();

  expect(outcomes.filter(({ decision }) => decision === 'deny')).toHaveLength(CALLS);
}

/** How much of a signal was lost, over all causes. */
async function lost(server: ServerProcess, signal: 'span' | 'log'): Promise<number> {
  const name = new RegExp(`^otel_sdk_processor_${signal}_processed\\w*\\{.*error_type=.*\\} (\\d+)$`, 'gm');
  const counts = [...(await metricsOf(server)).matchAll(name)].map(([, count]) => Number(count));

  return counts.reduce((sum, count) => sum + count, 0);
}

async function expectLossesToBeCounted(server: ServerProcess): Promise<void> {
  // A call has three spans and one event.
  for (const [signal, sent] of [
    ['span', 3 * CALLS],
    ['log', CALLS],
  ] as const) {
    await expect.poll(() => lost(server, signal), { timeout: 25_000 }).toBeGreaterThan(sent / 2);
  }
}

test.each([
  ['grpc', 'refuse'],
  ['http/protobuf', 'hang'],
] as const)(
  'decides as ever while a collector over %s does %s, and counts what is lost',
  async (protocol, how) => {
    await withOtlpReceiver((receiver) =>
      withWorld(async (world) => {
        receiver.behave(how);
        const server = await world.serve({ ...SMALL, ...sentTo(receiver, protocol) });
        await deployPolicies(world, server.addresses.admin, 'policies/coding-agent');
        await askMany(server, world);
        await expectLossesToBeCounted(server);

        receiver.behave('ok');
        await askMany(server, world);
        await receiver.waitFor(
          ({ spans }) => spans().find(({ name }) => name === 'palisade.evaluate'),
          25_000,
        );
        expect(await server.stop()).toBe(0);
      }),
    );
  },
);

test('decides and stops where nobody takes telemetry', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  await withWorld(async (world) => {
    const server = await world.serve({
      ...SMALL,
      ...sentTo({ grpcUrl: url, httpUrl: url }, 'http/protobuf'),
    });
    await deployPolicies(world, server.addresses.admin, 'policies/coding-agent');
    await askMany(server, world);
    await expectLossesToBeCounted(server);

    const stopping = performance.now();
    expect(await server.stop()).toBe(0);
    expect(performance.now() - stopping).toBeLessThan(5 * 3_000);
  });
});

/** A port that was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
