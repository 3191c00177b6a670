import { describe, expect, test } from 'vitest';
import { writeArchive } from '../../services/bundles/archive.ts';
import { administer } from '../support/shared-store.ts';
import { ASKED, OPEN_DOOR } from './support/open-door.ts';
import { filesOf, type Pitfall, TRANSPORTS, usePitfall } from './support/pitfall.ts';

const pitfall = usePitfall(OPEN_DOOR);

interface Change {
  readonly method: string;
  readonly path: (pitfall: Pitfall) => string;
  readonly type?: string;
  readonly body?: (pitfall: Pitfall) => string | Uint8Array;
}

const CHANGES: Readonly<Record<string, Change>> = {
  'pushing a bundle': {
    method: 'POST',
    path: () => '/v1/bundles',
    type: 'application/gzip',
    body: () => writeArchive(filesOf(OPEN_DOOR)),
  },
  'activating one': {
    method: 'PUT',
    path: ({ store }) => `/v1/stores/${store}/deployment`,
    body: ({ digest }) => JSON.stringify({ digest }),
  },
  'making a store': { method: 'POST', path: () => '/v1/stores', body: () => '{"name": "mine"}' },
  'making a credential': {
    method: 'POST',
    path: () => '/v1/credentials',
    body: () => '{"name": "mine", "roles": ["admin"], "stores": ["*"]}',
  },
  'revoking one': { method: 'DELETE', path: ({ token }) => `/v1/credentials/${token.split('_')[1]}` },
};

describe('on loopback too', () => {
  test.each(Object.entries(CHANGES))('%s needs an admin credential', async (_what, change) => {
    const { world, token } = pitfall.current;
    const nobody = `pal_0123456789abcdef_${'a'.repeat(43)}`;
    const attempt = async (authorization: Record<string, string>): Promise<number> => {
      const body = change.body?.(pitfall.current);
      const response = await fetch(`http://${world.addresses.admin}${change.path(pitfall.current)}`, {
        method: change.method,
        headers: { 'content-type': change.type ?? 'application/json', ...authorization },
        ...(body === undefined ? {} : { body: Buffer.from(body) }),
      });
      await response.arrayBuffer();

      return response.status;
    };

    expect(await attempt({})).toBe(401);
    expect(await attempt({ authorization: 'Bearer nobody' })).toBe(401);
    expect(await attempt({ authorization: `Bearer ${nobody}` })).toBe(401);
    expect(await attempt({ authorization: `Bearer ${token}` })).toBe(403);
  });

  test('an admin credential changes nothing through the port for decisions', async () => {
    const { world, store, digest } = pitfall.current;
    const response = await fetch(`http://${world.addresses.rest}/v1/stores/${store}/deployment`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${world.adminToken}` },
      body: JSON.stringify({ digest }),
    });

    expect(response.status).toBe(404);
  });

  test.each(TRANSPORTS)('what is enforced is still what was, over %s', async (transport) => {
    const { world, store, digest, ask } = pitfall.current;

    expect(await ask(transport, ASKED)).toMatchObject({ decision: 'allow', bundle: { digest } });
    expect(await administer(world, 'GET', `/v1/stores/${store}/deployment`)).toMatchObject({
      body: { active: { sequence: 1n } },
    });
  });
});
