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
const ABSENT = `sha256:${'0'.repeat(64)}`;

function ask(authorization: string, method: string, path: string, body?: unknown): Promise<HttpAnswer> {
  return send(access().server.addresses.admin, {
    method,
    path,
    headers: { authorization, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

function push(authorization: string, query: string): Promise<HttpAnswer> {
  return send(access().server.addresses.admin, {
    method: 'POST',
    path: `/v1/bundles${query}`,
    headers: { authorization, 'content-type': 'application/gzip' },
    body: writeArchive(FILES),
  });
}

/** Without what names the call. */
function told({ status, json }: HttpAnswer, digest: string): string {
  return JSON.stringify([status, { ...json, trace_id: '', instance: '' }]).replaceAll(digest, 'DIGEST');
}

test('a bundle of another store is as if it were not there, until it is pushed for this one too', async () => {
  expect((await push(access().admin, '?stores=default')).status).toBe(201);
  const calls = [
    ['GET', '/v1/bundles/DIGEST', undefined],
    ['GET', '/v1/bundles/DIGEST/archive', undefined],
    ['GET', '/v1/bundles/DIGEST/signatures', undefined],
    ['POST', '/v1/bundles/DIGEST/signatures', { signature: 'a.b.c' }],
    ['POST', '/v1/stores/other/replay?digest=DIGEST', undefined],
    ['PUT', '/v1/stores/other/deployment', { digest: 'DIGEST' }],
    ['POST', '/v1/stores/other/deployment/canary', { digest: 'DIGEST', percent: 5 }],
    ['POST', '/v1/stores/other/deployment/shadow', { digest: 'DIGEST' }],
  ] as const;
  for (const [method, path, body] of calls) {
    const answers: string[] = [];
    for (const digest of [DIGEST, ABSENT]) {
      const named =
        body === undefined ? undefined : JSON.parse(JSON.stringify(body).replace('DIGEST', digest));
      answers.push(
        told(await ask(access().otherAdmin, method, path.replace('DIGEST', digest), named), digest),
      );
    }

    expect(answers[0], path).toBe(answers[1]);
    expect(answers[0], path).toMatch(/^\[404/);
  }
  const listed = async () => (await ask(access().otherAdmin, 'GET', '/v1/bundles')).json;
  expect(JSON.stringify(await listed())).not.toContain(DIGEST);
  // Nor does one of all stores deploy it where it was not pushed.
  expect((await ask(access().admin, 'PUT', '/v1/stores/other/deployment', { digest: DIGEST })).status).toBe(
    404,
  );

  expect((await push(access().otherAdmin, '')).status).toBe(200);
  expect(JSON.stringify(await listed())).toContain(DIGEST);
  expect((await ask(access().otherAdmin, 'GET', `/v1/bundles/${DIGEST}`)).status).toBe(200);
});

test.each(['default', 'absent'])('nobody pushes for the store %s without naming it', async (store) => {
  const { status, json } = await push(access().otherAdmin, `?stores=${store}`);

  expect(status).toBe(404);
  expect(json).toMatchObject({ code: 'not_found', field: 'stores', detail: `there is no store ${store}` });
});

test('the name of the built-in bundle is taken', async () => {
  const manifest = String(FILES.get('bundle.yaml')).replace(/^name: .*$/m, 'name: system');
  const files = new Map(FILES).set('bundle.yaml', Buffer.from(manifest));
  const { status, json } = await send(access().server.addresses.admin, {
    method: 'POST',
    path: '/v1/bundles',
    headers: { authorization: access().admin, 'content-type': 'application/gzip' },
    body: writeArchive(files),
  });

  expect(status).toBe(400);
  expect(json).toMatchObject({ code: 'invalid_request', field: 'bundle' });
});
