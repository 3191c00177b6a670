import { status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { useWorld } from '../support/use-world.ts';
import { type Access, prepareAccess } from './support/credentials.ts';
import { ask, GRPC_METHODS, withGrpc } from './support/grpc.ts';
import { type HttpAnswer, send } from './support/http.ts';

const access: () => Access = useWorld((world) => prepareAccess(world, { PALISADE_RATE_LIMIT: '1:1000' }));

const QUESTION = {
  principal: { type: 'Agent', id: 'a' },
  action: { type: 'Action', id: 'read' },
  resource: { type: 'Doc', id: 'd' },
};

function administer(
  method: string,
  path: string,
  body?: object,
  token = access().world.adminToken,
): Promise<HttpAnswer> {
  return send(access().server.addresses.admin, {
    method,
    path,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function create(name: string, changes: object): Promise<string> {
  const { status: created, json } = await administer('POST', '/v1/credentials', {
    name,
    roles: ['runtime'],
    stores: ['default'],
    ...changes,
  });
  expect(created, JSON.stringify(json)).toBe(201);

  return String(json?.['token']);
}

function decide(token: string, count = 1): Promise<HttpAnswer> {
  const batch = { requests: Array.from({ length: count }, () => QUESTION) };

  return send(access().server.addresses.rest, {
    method: 'POST',
    path: count === 1 ? '/v1/authorize' : '/v1/authorize/batch',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(count === 1 ? QUESTION : batch),
  });
}

// One request a second, after many at once, is what no test can outrun.
const LARGE = { rate_limit: { rate_per_second: 1, burst: 500 } };

describe('over REST', () => {
  test('a batch counts each of its requests, and is told when it may pass', async () => {
    const token = await create('rest-batches', LARGE);

    expect((await decide(token, 400)).status).toBe(200);
    const { status: refused, headers, json } = await decide(token, 400);
    expect(refused).toBe(429);
    expect(json).toMatchObject({ code: 'overloaded', limit: { name: 'rate_per_second', max: 1 } });
    expect(Number(headers['retry-after'])).toBe(Math.ceil(Number(json?.['retry_after_ms']) / 1_000));
    expect((await decide(token)).status).toBe(200);
  });

  test('a batch that never passes is told so', async () => {
    const token = await create('rest-small', { rate_limit: { rate_per_second: 3 } });

    const { status: refused, json } = await decide(token, 4);
    expect(refused).toBe(413);
    expect(json).toMatchObject({ code: 'too_large', limit: { name: 'burst', max: 3 } });
  });

  test('a credential without a limit has the default, and is held to it alone', async () => {
    const runtime = await create('rest-default', {});
    const other = await create('rest-other', {});

    expect((await decide(runtime, 500)).status).toBe(200);
    expect((await decide(runtime, 499)).status).toBe(200);
    expect((await decide(runtime, 500)).status).toBe(429);
    expect((await decide(other, 500)).status).toBe(200);
  });
});

test('over gRPC every method is held to it, and metrics count it', async () => {
  await withGrpc(access().server.addresses.grpc, async (client) => {
    for (const method of GRPC_METHODS) {
      const token = await create(`grpc-${method}`, LARGE);
      expect((await decide(token, 500)).status).toBe(200);

      const outcome = await ask(client, method, QUESTION, `Bearer ${token}`);
      expect(outcome).toBe(
        method === 'AuthorizeStream' ? 'overloaded' : `status ${status.RESOURCE_EXHAUSTED}`,
      );
    }
  });

  const metrics = await fetch(`http://${access().server.addresses.admin}/metrics`);
  expect(await metrics.text()).toMatch(/^palisade_requests_rate_limited_total(\{.*\})? [1-9]/m);
});

describe('in administration', () => {
  test('an admin is held to a limit of its own, also where it only reads', async () => {
    const token = await create('bounded-admin', { roles: ['admin'], rate_limit: { rate_per_second: 1 } });

    const answers = [];
    for (let call = 0; call < 20; call += 1) {
      answers.push((await administer('GET', '/v1/stores', undefined, token)).status);
    }
    expect(answers[0]).toBe(200);
    expect(answers).toContain(429);
  });

  test('a limit is shown, and none that is not a whole number up to a million is taken', async () => {
    await create('shown', { rate_limit: { rate_per_second: 50, burst: 200 } });
    const { json } = await administer('GET', '/v1/credentials');
    expect(json?.['credentials']).toContainEqual(
      expect.objectContaining({ name: 'shown', rate_limit: { rate_per_second: 50, burst: 200 } }),
    );

    for (const rate_per_second of [0, -1, 1.5, 1_000_001, '50', null]) {
      const { status: refused } = await administer('POST', '/v1/credentials', {
        name: 'never',
        roles: ['runtime'],
        stores: ['default'],
        rate_limit: { rate_per_second },
      });
      expect(refused, String(rate_per_second)).toBe(400);
    }
  });
});
