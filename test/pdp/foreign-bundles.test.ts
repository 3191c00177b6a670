import { expect, test } from 'vitest';
import { writeArchive } from '../../services/bundles/archive.ts';
import { bundleDigest } from '../../services/bundles/digest.ts';
import { useWorld } from '../support/use-world.ts';
import { bundleFiles } from './support/bundle.ts';
import { prepareAccess } from './support/credentials.ts';
import { type HttpAnswer, send } from './support/http.ts';

const access = useWorld((world) => prepareAccess(world));
const FILES = bundleFiles('7.0.0');
const DIGEST = bundleDigest(FILES);

function ask(authorization: string, method: string, path: string, body?: unknown): Promise<HttpAnswer> {
  return send(access().server.addresses.admin, {
    method,
    path,
    headers: { authorization, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

function push(authorization: string, query: string, files = FILES): Promise<HttpAnswer> {
  return send(access().server.addresses.admin, {
    method: 'POST',
    path: `/v1/bundles${query}`,
    headers: { authorization, 'content-type': 'application/gzip' },
    body: writeArchive(files),
  });
}

test('a bundle of another store is as new to a store, until it is pushed for this one too', async () => {
  expect((await push(access().admin, '?stores=default')).status).toBe(201);
  // Nor does one of all stores deploy it where it was not pushed.
  expect((await ask(access().admin, 'PUT', '/v1/stores/other/deployment', { digest: DIGEST })).status).toBe(
    404,
  );

  expect(await push(access().otherAdmin, '')).toMatchObject({
    status: 201,
    json: { created: true, created_by: 'other-admin' },
  });
  expect(await push(access().otherAdmin, '')).toMatchObject({ status: 200, json: { created: false } });
  for (const path of ['/v1/bundles', `/v1/bundles/${DIGEST}`]) {
    const seen = async (authorization: string) =>
      JSON.stringify((await ask(authorization, 'GET', path)).json);

    expect(await seen(access().otherAdmin)).toContain('"created_by":"other-admin"');
    expect(await seen(access().otherAdmin)).not.toContain('"created_by":"test-admin"');
    expect(await seen(access().admin)).toContain('"created_by":"test-admin"');
  }
  expect(
    (await ask(access().otherAdmin, 'PUT', '/v1/stores/other/deployment', { digest: DIGEST })).status,
  ).toBe(200);
});

test('of a version that another store has nothing is told but that it is taken', async () => {
  await push(access().admin, '?stores=default', bundleFiles('7.1.0'));
  const other = new Map(bundleFiles('7.1.0')).set(
    'more.cedar',
    Buffer.from('@id("m") permit(principal, action, resource);'),
  );
  const taken = async (authorization: string) => (await push(authorization, '', other)).json?.['detail'];

  expect(await taken(access().otherAdmin)).toBe(
    'docs 7.1.0 is taken: give the changed bundle another version',
  );
  expect(await taken(access().admin)).toContain(bundleDigest(bundleFiles('7.1.0')));
});

test.each(['default', 'absent'])('nobody pushes for the store %s without naming it', async (store) => {
  const { status, json } = await push(access().otherAdmin, `?stores=${store}`);

  expect(status).toBe(404);
  expect(json).toMatchObject({ code: 'not_found', field: 'stores', detail: `there is no store ${store}` });
});

test('the name of the built-in bundle is taken', async () => {
  const manifest = String(FILES.get('bundle.yaml')).replace(/^name: .*$/m, 'name: system');
  const files = new Map(FILES).set('bundle.yaml', Buffer.from(manifest));
  const { status, json } = await push(access().admin, '', files);

  expect(status).toBe(400);
  expect(json).toMatchObject({ code: 'invalid_request', field: 'bundle' });
});
