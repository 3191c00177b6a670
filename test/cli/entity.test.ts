import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parentsFirst } from '../../services/cli/commands/entity/import.ts';
import { parseExactJson } from '../../services/ledger/json.ts';
import { aStore } from '../pdp/entity-writes/support.ts';
import { type SharedWorld, sharedWorld } from '../support/shared-world.ts';
import { type Ran, usePalisade } from './support/run.ts';

const palisade = usePalisade();
let world: SharedWorld;
let folder: string;

beforeAll(async () => {
  world = await sharedWorld();
  folder = await mkdtemp(join(tmpdir(), 'palisade-entities-'));
});
afterAll(() => rm(folder, { recursive: true }));

const run = (command: string, ...args: string[]): Promise<Ran> =>
  palisade(['entity', command, ...args], {
    PALISADE_TOKEN: world.adminToken,
    PALISADE_ADMIN_URL: `http://${world.addresses.admin}`,
  });

async function fileOf(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);

  return path;
}

const user = (id: string, level: number | string = 1, parents = '[]') =>
  `{"uid":{"type":"User","id":${JSON.stringify(id)}},"attrs":{"level":${level}},"parents":${parents}}`;
const WRITERS = '{"uid":{"type":"Team","id":"writers"},"attrs":{},"parents":[]}';
const IN_WRITERS = '[{"type":"Team","id":"writers"}]';

test('an entity is put, patched, shown as it was and is, and deleted', async () => {
  const { name } = await aStore(world);
  const file = await fileOf('a.json', user('a', '9223372036854775807'));

  expect(await run('put', name, file, '--expected-sequence', '0')).toMatchObject({
    code: 0,
    stdout: `User::"a" is sequence 2 of ${name}.\n`,
  });
  const again = await run('put', name, file, '--expected-sequence', '0');
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('conflict') });
  expect(await run('patch', name, 'User::"a"', '--set', 'level=-7', '--dry-run')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Nothing is written'),
  });
  expect((await run('patch', name, 'User::"a"', '--set', 'level=-7')).code).toBe(0);

  expect((await run('get', name, 'User::"a"')).stdout).toContain('"level":-7');
  const before = await run('get', name, 'User::"a"', '--sequence', '2', '--json');
  expect(parseExactJson(before.stdout)).toMatchObject({
    sequence: 2n,
    entity: { attrs: { level: 9223372036854775807n } },
  });
  expect((await run('list', name, '--type', 'User')).stdout).toMatch(/^ENTITY .*\nUser::"a" +3 /);
  expect((await run('delete', name, 'User::"a"')).code).toBe(0);
  expect(await run('get', name, 'User::"a"')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('not_found: the store holds no User::"a"'),
  });
});

test('parents are added, removed and replaced', async () => {
  const { name } = await aStore(world);
  const team = (id: string) => `{"uid":{"type":"Team","id":"${id}"},"attrs":{},"parents":[]}`;
  await run('import', name, await fileOf('teams.jsonl', `${team('a')}\n${team('b')}\n${user('u')}\n`));
  const parents = async () => {
    const { stdout } = await run('get', name, 'User::"u"');

    return (JSON.parse(stdout) as { parents: { id: string }[] }).parents.map(({ id }) => id);
  };

  await run('patch', name, 'User::"u"', '--add-parent', 'Team::"a"', '--add-parent', 'Team::"b"');
  expect(await parents()).toEqual(['a', 'b']);
  await run('patch', name, 'User::"u"', '--remove-parent', 'Team::"a"');
  expect(await parents()).toEqual(['b']);
  await run('patch', name, 'User::"u"', '--only-parent', 'Team::"a"');
  expect(await parents()).toEqual(['a']);
});

describe('import', () => {
  test('writes what export printed, to the byte, whatever its order and in chunks', async () => {
    const [one, other] = [await aStore(world), await aStore(world)];
    const users = Array.from({ length: 25 }, (_, at) => user(`u${at}`, at, IN_WRITERS));
    const list = await fileOf('list.json', `[${[...users, WRITERS].join(',\n')}]`);

    const imported = await run('import', one.name, list, '--chunk', '10', '--json');
    expect(parseExactJson(imported.stdout)).toEqual({ store: one.name, written: 26n, sequence: 4n });
    const exported = await run('export', one.name);
    expect(exported.stdout.trim().split('\n')).toHaveLength(26);
    expect((await run('import', other.name, await fileOf('lines.jsonl', exported.stdout))).code).toBe(0);
    expect((await run('export', other.name)).stdout).toBe(exported.stdout);
    const array = await run('export', other.name, '--format', 'array', '--type', 'Team');
    expect(JSON.parse(array.stdout)).toHaveLength(1);
  });

  test('says what is written where a chunk is refused, and goes on from there', async () => {
    const { name } = await aStore(world);
    const lines = ['a', 'b', 'c', 'd'].map((id) => user(id));
    const wrong = await fileOf('wrong.jsonl', [...lines.slice(0, 3), user('d', '"high"')].join('\n'));

    const failed = await run('import', name, wrong, '--chunk', '2');
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('2 of 4 entities are written');
    expect(failed.stderr).toContain('--skip 2');
    expect((await run('list', name, '--json')).stdout).not.toContain('"c"');

    const mended = await fileOf('mended.jsonl', lines.join('\n'));
    expect(await run('import', name, mended, '--chunk', '2', '--skip', '2')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('2 entities are written'),
    });
    expect((await run('export', name)).stdout.trim().split('\n')).toHaveLength(4);
  });

  test.each([
    ['no JSON', '{"uid": nonsense}', /broken:1: /],
    ['a name twice', '{"uid":{"type":"User","id":"a","id":"b"},"attrs":{},"parents":[]}', /broken:1: /],
    ['no entity', '[{"attrs": {}}]', /broken: \[0\]: an entity is/],
    ['an entity twice', `${user('a')}\n${user('a')}`, /User::"a" stands twice/],
  ])('names the place of %s, and sends nothing', async (_what, text, message) => {
    const { code, stderr } = await run('import', 'absent', await fileOf('broken', text));

    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  test('puts parents before what stands under them, and else keeps the order', () => {
    const entity = (key: string, ...parents: string[]) => ({ key, parents, text: '' });
    const order = (...entities: Parameters<typeof parentsFirst>[0]) =>
      parentsFirst(entities)
        .map(({ key }) => key)
        .join('');

    expect(order(entity('a', 'c', 'b'), entity('b', 'd'), entity('c'), entity('d'))).toBe('cdba');
    expect(order(entity('a'), entity('b', 'x'), entity('c'))).toBe('abc');
    expect(order(entity('a', 'b'), entity('b', 'a'))).toHaveLength(2);
  });
});
