import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { readArchive } from '../../services/bundles/archive.ts';
import { bundleDigest } from '../../services/bundles/digest.ts';
import { administer, pushBundle, uniqueName } from '../support/shared-store.ts';
import { OPEN_DOOR } from './support/open-door.ts';
import { filesOf, usePitfall } from './support/pitfall.ts';

const pitfall = usePitfall(OPEN_DOOR);

describe('a digest', () => {
  test('is that of the same content however often it comes', async () => {
    const { world } = pitfall.current;
    const files = filesOf(OPEN_DOOR);
    const [first, second] = [await pushBundle(world, files), await pushBundle(world, files)];

    expect(first).toMatchObject({ status: 201, body: { created: true, digest: bundleDigest(files) } });
    expect(second).toMatchObject({ status: 200, body: { created: false, digest: bundleDigest(files) } });
  });

  test('is another with another byte, which the same name and version cannot take', async () => {
    const { world } = pitfall.current;
    const name = uniqueName('taken');
    const changed = { ...OPEN_DOOR, policies: `${OPEN_DOOR.policies} ` };

    expect(bundleDigest(filesOf(changed, name))).not.toBe(bundleDigest(filesOf(OPEN_DOOR, name)));
    expect(await pushBundle(world, filesOf(OPEN_DOOR, name))).toMatchObject({ status: 201 });
    expect(await pushBundle(world, filesOf(changed, name))).toMatchObject({
      status: 409,
      body: { code: 'conflict' },
    });
  });

  test('gives back exactly the bytes that it stands for', async () => {
    const { world, digest } = pitfall.current;
    const response = await fetch(`http://${world.addresses.admin}/v1/bundles/${digest}/archive`, {
      headers: { authorization: `Bearer ${world.adminToken}` },
    });

    expect(bundleDigest(readArchive(Buffer.from(await response.arrayBuffer())))).toBe(digest);
  });

  test.each(['PUT', 'DELETE', 'POST'] as const)('has no %s', async (method) => {
    const { world, digest } = pitfall.current;
    const body = method === 'DELETE' ? undefined : {};

    expect(await administer(world, method, `/v1/bundles/${digest}`, body)).toMatchObject({ status: 404 });
  });

  test.each([
    'update bundles set archive = $2 where digest = $1',
    'update bundles set digest = digest where digest = $1 and $2::bytea is not null',
    'delete from bundles where digest = $1 and $2::bytea is not null',
    'update deployments set digest = $1 where $2::bytea is not null',
  ])('cannot be made to mean something else by the role that serves: %s', async (statement) => {
    const { world, digest } = pitfall.current;
    const client = new pg.Client({ connectionString: world.databaseUrl });
    await client.connect();
    try {
      await expect(client.query(statement, [digest, Buffer.from('x')])).rejects.toThrow('permission denied');
    } finally {
      await client.end();
    }
  });
});
