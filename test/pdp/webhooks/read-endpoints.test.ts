import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readEndpoints } from '../../../services/pdp/webhooks/read-endpoints.ts';

const SECRET = 'a secret of the tests, long enough';
const GOOD = { name: 'on-call', url: 'https://hooks.example.com/palisade', secret: SECRET };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palisade-webhooks-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('reads whom to tell, with a secret from a file of its own', async () => {
  const secretFile = await written('secret', `${SECRET}\n`);
  const path = await written('good', {
    endpoints: [
      GOOD,
      { ...GOOD, name: 'near', url: 'http://[::1]:9/', secret: undefined, secret_file: secretFile },
    ],
  });

  expect(await readEndpoints(path)).toMatchObject([
    { name: 'on-call', secret: SECRET, stores: null, events: null },
    { name: 'near', secret: SECRET },
  ]);
  expect(await readEndpoints(undefined)).toEqual([]);
});

test.each([
  ['plain http to another host', { url: 'http://hooks.example.com/' }, 'https, or http on loopback'],
  ['http to a name that begins like loopback', { url: 'http://127.0.0.1.example.com/' }, 'https, or http on'],
  ['a credential in the URL', { url: 'https://me:pw@hooks.example.com/' }, 'must not hold a credential'],
  ['another scheme', { url: 'file:///etc/passwd' }, 'https, or http on loopback'],
  ['no URL', { url: 'hooks' }, 'is no URL'],
  ['a short secret', { secret: 'short' }, 'needs at least 32 characters'],
  ['no secret', { secret: undefined }, 'needs one of secret and secret_file'],
  ['two secrets', { secret_file: '/x' }, 'needs one of secret and secret_file'],
  ['a kind that is never sent', { events: ['break_glass.openned'] }, 'events.0'],
  ['no kind', { events: [] }, 'events'],
  ['a key that nobody knows', { retries: 3 }, 'retries'],
  ['a bad name', { name: 'On Call' }, 'name'],
])('refuses %s, and quotes no secret', async (_what, change, problem) => {
  const path = await written('bad', { endpoints: [{ ...GOOD, ...change }] });
  const refused = readEndpoints(path);

  await expect(refused).rejects.toThrow(problem);
  await expect(refused).rejects.not.toThrow(SECRET);
});

test('refuses two endpoints of one name, text that is no JSON, and a file that is not there', async () => {
  await expect(readEndpoints(await written('twice', { endpoints: [GOOD, GOOD] }))).rejects.toThrow(
    'one name',
  );
  await expect(readEndpoints(await written('text', `{"secret": "${SECRET}`))).rejects.toThrow('is not JSON');
  await expect(readEndpoints(join(folder, 'none'))).rejects.toThrow('cannot be read (ENOENT)');
});

test('refuses a file, and a secret, that others may read', async () => {
  const open = await written('open', { endpoints: [GOOD] });
  await chmod(open, 0o640);
  await expect(readEndpoints(open)).rejects.toThrow(`open to group or others: chmod 600 ${open}`);

  const secretFile = await written('open-secret', SECRET);
  await chmod(secretFile, 0o604);
  const path = await written('private', {
    endpoints: [{ ...GOOD, secret: undefined, secret_file: secretFile }],
  });
  await expect(readEndpoints(path)).rejects.toThrow(`chmod 600 ${secretFile}`);
});

async function written(name: string, content: string | object): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 });

  return path;
}
