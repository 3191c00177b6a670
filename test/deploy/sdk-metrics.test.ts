import { expect, test } from 'vitest';
import { metricsOf, withObserved } from '../telemetry/support/observed.ts';
import { SDK_METRICS } from './support/metrics.ts';

const QUESTION = {
  principal: { type: 'Agent', id: 'a' },
  action: { type: 'Action', id: 'read' },
  resource: { type: 'Doc', id: 'd' },
};

test('what the SDK loses shows at /metrics, under the names that alerts and dashboards ask for', async () => {
  await withObserved('grpc', { OTEL_TRACES_SAMPLER: 'always_on' }, async ({ world, server, receiver }) => {
    receiver.behave('reject');
    await fetch(`http://${server.addresses.rest}/v1/authorize`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${world.runtimeToken}` },
      body: JSON.stringify(QUESTION),
    });

    for (const [name, labels] of Object.entries(SDK_METRICS)) {
      const lost = new RegExp(`^${name}\\{(?=[^}]*error_type="[^"]+")([^}]*)\\} [1-9]`, 'm');
      await expect.poll(() => metricsOf(server), { timeout: 10_000 }).toMatch(lost);
      const [, shown = ''] = lost.exec(await metricsOf(server)) ?? [];

      expect(shown.split(',').map((pair) => pair.split('=')[0])).toEqual(labels);
    }
  });
});
