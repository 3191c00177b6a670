import { beforeAll, describe, expect, test } from 'vitest';
import { type SharedWorld, sharedWorld } from '../../support/shared-world.ts';
import { send } from '../support/http.ts';
import { aStore, type StoreClient, user } from './support.ts';

let world: SharedWorld;
let store: StoreClient;

beforeAll(async () => {
  world = await sharedWorld();
  store = await aStore(world);
});

/** Sends bytes as they are: a client would tidy them up. */
async function raw(method: string, path: string, body?: string | Uint8Array): Promise<string> {
  const { status, json } = await send(world.addresses.admin, {
    method,
    path: `/v1/stores/${store.name}/entities${path}`,
    headers: { authorization: `Bearer ${world.adminToken}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body }),
  });

  return `${status} ${String(json?.['code'])}`;
}

const bulkOf = (entity: string) => `{"entities":[{"put":${entity}}]}`;
const entityOf = (id: string, attrs = '{"level":1}', rest = '"parents":[]') =>
  bulkOf(`{"uid":{"type":"User","id":${id}},"attrs":${attrs},${rest}}`);

describe('a write', () => {
  test.each<[string, string | Uint8Array, string]>([
    ['an id of a megabyte', entityOf(JSON.stringify('x'.repeat(1_048_576))), '413 too_large'],
    ['an id of one byte too many', entityOf(JSON.stringify('x'.repeat(1_025))), '413 too_large'],
    ['a NUL in an id', entityOf('"a\\u0000b"'), '400 invalid_request'],
    ['a lone surrogate in an id', entityOf('"\\ud800"'), '400 invalid_request'],
    ['an id that is not in NFC', entityOf('"e\\u0301"'), '400 invalid_request'],
    ['bytes that are no text', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), '400 invalid_request'],
    ['a name twice', entityOf('"a"', '{"level":1,"level":2}'), '400 invalid_request'],
    ['a name twice, once by escapes', entityOf('"a"', '{"level":1,"\\u006cevel":2}'), '400 invalid_request'],
    [
      '__proto__ for an attribute',
      entityOf('"a"', '{"level":1,"__proto__":{"level":2}}'),
      '400 invalid_request',
    ],
    ['__proto__ beside the change', '{"__proto__":{"entities":[]}}', '400 invalid_request'],
    ['an integer over 64 bits', entityOf('"a"', '{"level":9223372036854775808}'), '400 invalid_request'],
    ['a fraction', entityOf('"a"', '{"level":1.0}'), '400 invalid_request'],
    ['depth', entityOf('"a"', `{"level":${'['.repeat(40)}${']'.repeat(40)}}`), '413 too_large'],
    [
      'more than a body may have',
      entityOf('"a"', '{"level":1}', `"parents":[],"x":"${' '.repeat(5_000_000)}"`),
      '413 too_large',
    ],
    [
      'more changes than a write may have',
      `{"entities":[${Array(10_001).fill('{"delete":{"type":"User","id":"a"}}').join()}]}`,
      '413 too_large',
    ],
    [
      'an action',
      bulkOf('{"uid":{"type":"Action","id":"read"},"attrs":{},"parents":[]}'),
      '412 precondition_failed',
    ],
    ['no entity', bulkOf('[]'), '400 invalid_request'],
    ['null', 'null', '400 invalid_request'],
  ])('with %s is refused', async (_what, body, refusal) => {
    expect(await raw('POST', '', body)).toBe(refusal);
  });

  test.each([
    ['a path of half a percent sign', 'DELETE', '/User/%E0%A4%A', '400 invalid_request'],
    ['a lone surrogate in its path', 'DELETE', '/User/%ED%A0%80', '400 invalid_request'],
    ['a NUL in its path', 'DELETE', '/User/%00', '400 invalid_request'],
    ['another spelling of an id in its path', 'DELETE', '/User/e%CC%81', '404 not_found'],
    ['a parameter that nobody knows', 'DELETE', '/User/a?force=true', '400 invalid_request'],
    ['an expectation that is no number', 'DELETE', '/User/a?expected_sequence=-1', '400 invalid_request'],
  ])('with %s is refused', async (_what, method, path, refusal) => {
    expect(await raw(method, path)).toBe(refusal);
  });

  test.each([
    ['a replacement character in its path', '/User/%EF%BF%BD', '400 invalid_request'],
    ['a NUL in its path', '/User/%00', '400 invalid_request'],
    ['an id of one byte too many in its path', `/User/${'x'.repeat(1_025)}`, '413 too_large'],
    ['an id of twenty kilobytes in its path', `/User/${'x'.repeat(20_000)}`, '431 undefined'],
    ['no id in its path', '/User/', '404 not_found'],
  ])('of one entity with %s is refused', async (_what, path, refusal) => {
    expect(await raw('PUT', path, '{"entity":{"attrs":{"level":1},"parents":[]}}')).toBe(refusal);
  });

  test('that was refused has left nothing', async () => {
    expect(await store.ask('GET')).toMatchObject({ body: { entities: [], state_sequence: 1n } });
  });
});

test('ids that look like names of JavaScript are ids like any other', async () => {
  const own = await aStore(world);
  const ids = ['__proto__', 'constructor', 'toString', ''];
  await own.bulk(...ids.map((id) => user(id, 1, [])));

  for (const id of ids) {
    expect(await own.ask('GET', `?type=User&id=${id}`)).toMatchObject({
      body: { entities: [{ entity: { uid: { type: 'User', id }, attrs: { level: 1n } } }] },
    });
  }
});
