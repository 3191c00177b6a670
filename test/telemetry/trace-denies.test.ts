import { expect, test } from 'vitest';
import { send } from '../pdp/support/http.ts';
import { withObserved } from './support/observed.ts';

const ASK = { allow: 'feature/x', deny: 'main' } as const;

test('with PALISADE_TRACE_DENIES=always denies and errors are traced, though sampling keeps nothing', async () => {
  const environment = { OTEL_TRACES_SAMPLER: 'always_off', PALISADE_TRACE_DENIES: 'always' };
  await withObserved('http/protobuf', environment, async ({ server, world, receiver }) => {
    const ask = (body: object) =>
      send(server.addresses.rest, {
        method: 'POST',
        path: '/v1/authorize',
        headers: { authorization: `Bearer ${world.runtimeToken}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const question = (branch: string) => ({
      principal: { type: 'Agent', id: 'build-bot' },
      action: { type: 'Action', id: 'git_push' },
      resource: { type: 'Repo', id: 'palisade' },
      context: { input: { branch } },
    });

    const allowed = await ask(question(ASK.allow));
    expect(allowed.json).toMatchObject({ decision: 'allow' });
    const denied = await ask(question(ASK.deny));
    expect(denied.json).toMatchObject({ decision: 'deny' });
    const failed = await ask({ ...question(ASK.deny), resource: { type: 'Nothing', id: 'x' } });
    expect(failed.status).toBe(400);

    const traced = await receiver.waitFor(({ spans }) => {
      const ids = new Set(spans().map(({ traceId }) => traceId));

      return ids.size >= 2 ? ids : undefined;
    });
    expect(traced).toEqual(new Set([denied.json?.['trace_id'], failed.json?.['trace_id']]));
    const [deny] = receiver.spans().filter(({ kind }) => kind === 'server');
    expect(deny).toMatchObject({ parentSpanId: '', name: 'POST /v1/authorize' });

    // Events do not depend on any of it.
    const decisions = await receiver.waitFor(({ logs }) => (logs().length >= 3 ? logs() : undefined));
    expect(decisions.map(({ traceId }) => traceId)).toContain(allowed.json?.['trace_id']);
  });
});
