import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { writeArchive } from '../../services/bundles/archive.ts';
import { readKeyring } from '../../services/ledger/keyring.ts';
import { getInput } from '../../services/ledger/query.ts';
import { readRecord } from '../../services/ledger/record.ts';
import { createPool } from '../../services/store/pool.ts';
import { usePalisade } from '../cli/support/run.ts';
import { deployArchive, type ServerProcess, type ServerWorld, withWorld } from '../support/server.ts';
import { metricsOf } from '../telemetry/support/observed.ts';
import { WITH_WRONG_EVALUATOR, WRONG_FROM } from './support/wrong-evaluator.ts';

const POLL_MS = 1_000;
const ENVIRONMENT = { ...WITH_WRONG_EVALUATOR, PALISADE_POLL_INTERVAL: `${POLL_MS}ms` };
const WITHIN = { timeout: 5 * POLL_MS, interval: 50 };
/** A thread starts and loads the bundle before it judges for the first time. */
const FIRST_WITHIN = { timeout: 30_000, interval: 50 };

/** The bundle permits what has a number below 10, whatever it is called. */
const FINE = { id: 'd', n: 1 };
const DENIED = { id: 'd', n: 10 };
const WRONGLY_ALLOWED = { id: 'd'.repeat(WRONG_FROM), n: 10 };

const palisade = usePalisade();

test('a wrong decision that is sampled takes the compiled evaluator away from its bundle, on every replica', {
  timeout: 120_000,
}, async () => {
  await withWorld(async (world) => {
    const sampling = await world.serve({ ...ENVIRONMENT, PALISADE_VERIFY_SAMPLE: '1' });
    const other = await world.serve({ ...ENVIRONMENT, PALISADE_VERIFY_SAMPLE: '0' });
    const both = [sampling, other];
    const ask = (server: ServerProcess, question: Question) => decisionOf(world, server, question);
    const first = await deployArchive(world, sampling.addresses.admin, archiveOf('1.0.0'));
    for (const server of both) await servedBy(world, server, first, 'compiled');

    expect(await ask(sampling, FINE)).toBe('allow');
    expect(await ask(sampling, DENIED)).toBe('deny');
    await vi.waitFor(async () => expect(await countOf(sampling, 'verified')).toBe(2), FIRST_WITHIN);
    expect(await countOf(sampling, 'differences', '{palisade_store="default"}')).toBe(0);

    // Nobody looks at what the other one decides.
    expect(await ask(other, WRONGLY_ALLOWED)).toBe('allow');
    expect(await ask(sampling, WRONGLY_ALLOWED)).toBe('allow');
    await Promise.all(both.map((server) => servedBy(world, server, first, 'cedar-wasm')));
    for (const server of both) {
      expect(await ask(server, WRONGLY_ALLOWED)).toBe('deny');
      expect(await ask(server, FINE)).toBe('allow');
      expect((await fetch(`http://${server.addresses.admin}/readyz`)).status).toBe(200);
    }

    expect(await countOf(sampling, 'differences', '{palisade_store="default"}')).toBe(1);
    expect(await countOf(sampling, 'unverified')).toBe(0);
    expect(await countOf(other, 'verified')).toBe(0);
    await expectToBeTold(world, sampling, first);

    const second = await deployArchive(world, sampling.addresses.admin, archiveOf('2.0.0'));
    for (const server of both) await servedBy(world, server, second, 'compiled');
    await deployArchive(world, sampling.addresses.admin, archiveOf('1.0.0'));
    for (const server of both) await servedBy(world, server, first, 'cedar-wasm');

    await liftOverrideOf(world, other, first);
    for (const server of both) await servedBy(world, server, first, 'compiled');
    // It is as wrong as ever, and the next decision that shows it is found again.
    expect(await ask(sampling, WRONGLY_ALLOWED)).toBe('allow');
    for (const server of both) await servedBy(world, server, first, 'cedar-wasm');
    await expectHistory(world, other);

    // The thread does not hold the process up.
    for (const server of both) expect(await server.stop()).toBe(0);
  });
});

type Question = typeof FINE;

async function decisionOf(
  { runtimeToken }: ServerWorld,
  { addresses }: ServerProcess,
  { id, n }: Question,
): Promise<unknown> {
  const response = await fetch(`http://${addresses.rest}/v1/authorize`, {
    method: 'POST',
    headers: { authorization: `Bearer ${runtimeToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      principal: { type: 'Agent', id: 'a' },
      action: { type: 'Action', id: 'read' },
      resource: { type: 'Doc', id },
      context: { n },
    }),
  });

  return ((await response.json()) as { decision: unknown }).decision;
}

async function servedBy(
  { adminToken }: ServerWorld,
  { addresses }: ServerProcess,
  digest: string,
  evaluator: string,
): Promise<void> {
  const headers = { authorization: `Bearer ${adminToken}` };
  await vi.waitFor(async () => {
    const status = await fetch(`http://${addresses.admin}/v1/stores/default/deployment`, { headers });
    expect(await status.json()).toMatchObject({ serving: { digest, evaluator } });
  }, WITHIN);
}

async function countOf(server: ServerProcess, name: string, labels = ''): Promise<number> {
  const line = (await metricsOf(server))
    .split('\n')
    .find((each) => each.startsWith(`palisade_evaluator_${name}_total${labels} `));

  return Number(line?.split(' ').at(-1));
}

/** By a line of the process log, by an error record with the case, and by the commands. */
async function expectToBeTold(world: ServerWorld, server: ServerProcess, digest: string): Promise<void> {
  const lines = server.output.map((line) => JSON.parse(line) as Record<string, unknown>);
  const line = lines.find(({ cedar }) => cedar !== undefined);
  expect(line).toMatchObject({
    digest,
    store: 'default',
    served: 'allow by ["small-numbers"], failing []',
    cedar: 'deny by [], failing []',
  });
  const id = String(line?.['error_id']);

  const env = { PALISADE_ADMIN_URL: `http://${server.addresses.admin}`, PALISADE_TOKEN: world.adminToken };
  const status = await palisade(['deploy', 'status', 'default'], env);
  expect(status.stdout).toMatch(/^evaluator: cedar-wasm \(overridden \d{4}-.*\)$/m);
  await vi.waitFor(async () => {
    const { stdout } = await palisade(['log', 'query', '--reason-code', 'internal', '--json'], env);
    expect(stdout).toContain(id);
  }, WITHIN);
  const { stdout } = await palisade(['log', 'show', id], env);
  expect(stdout).toContain('evaluator');
  expect((await palisade(['log', 'verify'], env)).code).toBe(0);

  const keyring = await readKeyring(join(world.home, 'keyring.json'));
  const pool = createPool({ connection: world.database.ownerUrl, max: 1 });
  try {
    const input: unknown = JSON.parse(await getInput(pool, 'all', keyring, id));
    expect(input).toMatchObject({ resource: { id: WRONGLY_ALLOWED.id }, context: { n: 10 } });
  } finally {
    await pool.end();
  }
}

function commandOf({ adminToken }: ServerWorld, { addresses }: ServerProcess) {
  const env = { PALISADE_ADMIN_URL: `http://${addresses.admin}`, PALISADE_TOKEN: adminToken };

  return (...args: string[]) => palisade(args, env);
}

/** By the commands, as an operator of all stores; one of a single store may not, and what is not in force cannot be lifted. */
async function liftOverrideOf(world: ServerWorld, server: ServerProcess, digest: string): Promise<void> {
  const run = commandOf(world, server);
  const adminToken = await world.credential({ name: 'of-one-store', roles: ['operator'] });
  const ofOneStore = commandOf({ ...world, adminToken }, server);
  await vi.waitFor(async () => {
    expect(await ofOneStore('evaluator', 'lift', digest, '--reason', 'mine')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('this needs a credential for all stores'),
    });
  }, WITHIN);
  expect((await ofOneStore('evaluator', 'list')).code).toBe(1);
  expect((await run('evaluator', 'lift', digest, '--reason', ' ')).code).toBe(1);
  expect((await run('evaluator', 'list')).stdout).toMatch(
    new RegExp(`^numbers 1\\.0\\.0 .* in force +${digest}$`, 'm'),
  );

  const lifted = await run('evaluator', 'lift', digest, '--reason', 'fixed in 0.2.0', '--json');
  const { record_id } = JSON.parse(lifted.stdout);
  expect(await run('evaluator', 'lift', digest, '--reason', 'again')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`no override of ${digest} is in force`),
  });
  await vi.waitFor(async () => {
    const { stdout } = await run('log', 'show', record_id, '--json');
    expect(readRecord(stdout)).toMatchObject({
      kind: 'change',
      action: 'lift_override',
      author: 'test-admin',
      reason: 'fixed in 0.2.0',
      evaluator: { digest, decision_id: expect.any(String) },
    });
  }, WITHIN);
}

/** The lifted override, and above it the one that followed. */
async function expectHistory(world: ServerWorld, server: ServerProcess): Promise<void> {
  const run = commandOf(world, server);
  const { stdout } = await run('evaluator', 'list');

  expect(stdout.trim().split('\n')).toEqual([
    expect.stringMatching(/^BUNDLE +SINCE +DECISION +STATE +DIGEST$/),
    expect.stringMatching(/^numbers 1\.0\.0 .* in force +sha256:/),
    expect.stringMatching(/^numbers 1\.0\.0 .* lifted \S+ by test-admin: fixed in 0\.2\.0 +sha256:/),
  ]);
  expect((await run('log', 'verify')).code).toBe(0);
}

function archiveOf(version: string): Uint8Array {
  const texts = {
    'bundle.yaml': `format_version: 1
name: numbers
version: ${version}
description: Agents read what has a small number
owners: [tests]
entity_sources: { Agent: request, Doc: request }
`,
    'schema.cedarschema': `entity Agent, Doc;
action read appliesTo { principal: Agent, resource: Doc, context: { n: Long, pdp: { now: datetime } } };`,
    'numbers.cedar': `@id("small-numbers")
permit (principal, action == Action::"read", resource)
when { context.n < 10 && context.pdp.now > datetime("2020-01-01") };`,
  };

  return writeArchive(new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)])));
}
