import { expect, test, vi } from 'vitest';
import { createPool } from '../../services/store/pool.ts';
import { withPrivateWorld } from '../support/private-postgres.ts';
import { deployVersion } from './support/deploy.ts';
import { send } from './support/http.ts';

const QUESTION = JSON.stringify({
  principal: { type: 'Agent', id: 'a' },
  action: { type: 'Action', id: 'read' },
  resource: { type: 'Doc', id: 'd' },
});
const SOON = { timeout: 10_000, interval: 100 };

test('decisions go on from memory while PostgreSQL is away, until the state is stale, and again when it is back', {
  timeout: 60_000,
}, async () => {
  await withPrivateWorld(async (world, postgres) => {
    const pool = createPool({ connection: world.database.ownerUrl, max: 1 });
    await deployVersion(pool, '1.0.0').finally(() => pool.end());
    const { addresses } = await world.serve({
      PALISADE_MAX_STALENESS: '2s',
      PALISADE_POLL_INTERVAL: '100ms',
    });
    const decide = () =>
      send(addresses.rest, {
        method: 'POST',
        path: '/v1/authorize',
        headers: { 'content-type': 'application/json' },
        body: QUESTION,
      });
    const ready = () => send(addresses.admin, { method: 'GET', path: '/readyz' });

    expect((await ready()).status).toBe(200);
    await postgres.stop();
    expect((await decide()).json).toMatchObject({ decision: 'allow' });
    expect((await ready()).status).toBe(200);

    await vi.waitFor(async () => {
      expect(await decide()).toMatchObject({ status: 503, json: { code: 'unavailable' } });
    }, SOON);
    expect(await ready()).toMatchObject({
      status: 503,
      json: { status: 'not_ready', reasons: ['the policy state is stale'] },
    });
    expect((await send(addresses.admin, { method: 'GET', path: '/livez' })).status).toBe(200);

    await postgres.start();
    await vi.waitFor(async () => expect((await ready()).status).toBe(200), SOON);
    expect((await decide()).json).toMatchObject({ decision: 'allow' });
  });
});
