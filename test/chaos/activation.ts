import { setTimeout as sleep } from 'node:timers/promises';
import { writeArchive } from '../../services/bundles/archive.ts';
import { createPool } from '../../services/store/pool.ts';
import { deployArchive, type ServerProcess, type ServerWorld } from '../support/server.ts';
import type { Answer, Question } from './ask.ts';
import { type Load, type LoadAnswer, startLoad } from './load.ts';
import { differencesFromLog, verificationProblems } from './log.ts';

/** An activation reaches every process within a second; a machine under test gets five. */
const REACH_MS = 5_000;
const POLL_MS = 20;
const BETWEEN_MS = 150;

export interface Activations {
  readonly answers: number;
  /** Milliseconds until both processes served each. */
  readonly reachedMs: readonly number[];
  readonly problems: readonly string[];
}

/** Two bundles that answer the same question oppositely, each by a policy of its own name. */
const BUNDLES = {
  a: { decision: 'allow', policy: 'a-permits' },
  b: { decision: 'deny', policy: 'b-forbids' },
} as const;
type BundleName = keyof typeof BUNDLES;

const QUESTION: Question = {
  principal: { type: 'Caller', id: 'c' },
  action: { type: 'Action', id: 'act' },
  resource: { type: 'Thing', id: 't' },
  context: {},
};

/** Under load on two processes of one database, both bundles are activated in turns: no decision fails, none is mixed. */
export async function activateUnderLoad(world: ServerWorld, times: number): Promise<Activations> {
  return withTwoServers(world, async (scene) => {
    const reachedMs: number[] = [];
    for (let turn = 0; turn < times; turn += 1) {
      const sequence = await activate(scene, turn % 2 === 0 ? 'b' : 'a');
      reachedMs.push(await reach(scene, sequence));
      await sleep(BETWEEN_MS);
    }

    return reachedMs;
  });
}

/** The same with nothing to notify the processes: listeners are cut off all the time, and activations say nothing. */
export async function activateSilently(world: ServerWorld, times: number): Promise<Activations> {
  const pool = createPool({ connection: world.database.ownerUrl, max: 2 });
  const cut = setInterval(() => void pool.query(CUT_LISTENERS).catch(() => undefined), POLL_MS);
  try {
    return await withTwoServers(world, async (scene) => {
      const reachedMs: number[] = [];
      for (let turn = 0; turn < times; turn += 1) {
        const { rows } = await pool.query<{ sequence: string }>(SILENT_ACTIVATION, [
          scene.digests[turn % 2 === 0 ? 'b' : 'a'],
        ]);
        reachedMs.push(await reach(scene, BigInt(rows[0]?.sequence ?? 0)));
        await sleep(BETWEEN_MS);
      }

      return reachedMs;
    });
  } finally {
    clearInterval(cut);
    await pool.end();
  }
}

const CUT_LISTENERS = `select pg_terminate_backend(pid) from pg_stat_activity
  where application_name = 'palisade listener' and datname = current_database()`;

/** What an activation writes, without the announcement. */
const SILENT_ACTIVATION = `with store as (
    update stores set sequence = sequence + 1, state_sequence = state_sequence + 1 where name = 'default'
    returning name, sequence, state_sequence
  )
  insert into deployments (store, sequence, state_sequence, origin, digest, author, reason)
  select name, sequence, state_sequence, sequence, $1, 'test', '' from store returning sequence`;

interface Scene {
  readonly world: ServerWorld;
  readonly servers: readonly ServerProcess[];
  readonly digests: Readonly<Record<BundleName, string>>;
  readonly problems: string[];
}

async function withTwoServers(
  world: ServerWorld,
  body: (scene: Scene) => Promise<readonly number[]>,
): Promise<Activations> {
  const first = await world.serve();
  const servers = [first, await world.serve()];
  const digests = {
    b: await deployArchive(world, first.addresses.admin, archiveOf('b')),
    a: await deployArchive(world, first.addresses.admin, archiveOf('a')),
  };
  const scene: Scene = { world, servers, digests, problems: [] };
  await reach(scene, 2n);

  const loads = servers.map(({ addresses }) =>
    startLoad(addresses, { token: world.runtimeToken, questions: [QUESTION], clients: 2, pauseMs: 5 }),
  );
  const reachedMs = await body(scene);
  await Promise.all(loads.map((load) => load.stop()));

  const answers = loads.flatMap((load) => load.answers);
  scene.problems.push(
    ...loads.flatMap(refusals),
    ...answers.flatMap((answer) => mixture(scene, answer)),
    ...loads.flatMap((load) => goingBack(load.answers)),
    ...(await differencesFromLog(world, answers)),
    ...(await verificationProblems(world, first)),
    ...(await lostRace(scene)),
  );
  await Promise.all(servers.map((server) => server.stop()));

  return { answers: answers.length, reachedMs, problems: scene.problems };
}

async function activate({ world, servers, digests }: Scene, name: BundleName): Promise<bigint> {
  const response = await put(world, servers[0], { digest: digests[name] });
  const text = await response.text();
  if (!response.ok) throw new Error(`not activated: ${text}`);

  return BigInt((JSON.parse(text) as { sequence: number }).sequence);
}

/** Waits until every process serves the sequence; a late one is a problem. */
async function reach({ world, servers, problems }: Scene, sequence: bigint): Promise<number> {
  const startedAt = performance.now();
  for (const [index, server] of servers.entries()) {
    while ((await servedBy(world, server)) < sequence) {
      if (performance.now() - startedAt > REACH_MS) {
        problems.push(`process ${index} does not serve sequence ${sequence} after ${REACH_MS} ms`);
        break;
      }
      await sleep(POLL_MS);
    }
  }

  return performance.now() - startedAt;
}

async function servedBy(world: ServerWorld, { addresses }: ServerProcess): Promise<bigint> {
  const response = await fetch(`http://${addresses.admin}/v1/stores/default/deployment`, {
    headers: { authorization: `Bearer ${world.adminToken}` },
  });
  const { serving } = (await response.json()) as { serving: { sequence: number } };

  return BigInt(serving.sequence);
}

function refusals(load: Load): string[] {
  return load.refusals.map(({ client, code, message }) => `${client} was refused: ${code} ${message}`);
}

/** A reply is wholly of the bundle that it names: its decision, the policy that determined it, its sequence. */
function mixture(
  { digests }: Scene,
  { decisionId, digest, decision, determining, sequence }: Answer,
): string[] {
  const name = digest === digests.a ? 'a' : 'b';
  const { decision: wanted, policy } = BUNDLES[name];
  // Sequence 1 was b, 2 was a, and so on in turns.
  const deployed = sequence % 2n === 1n ? digests.b : digests.a;
  if (digest === deployed && decision === wanted && determining.join() === policy) return [];

  return [`${decisionId}: ${decision} by ${determining.join()} of ${digest} at sequence ${sequence}`];
}

/** A client that waits for each answer never sees an older deployment after a newer one. */
function goingBack(answers: readonly LoadAnswer[]): string[] {
  const latest = new Map<string, bigint>();
  const problems: string[] = [];
  for (const { client, sequence, decisionId } of answers) {
    const before = latest.get(client) ?? 0n;
    if (sequence < before) problems.push(`${decisionId}: sequence ${sequence} after ${before}`);
    latest.set(client, sequence);
  }

  return problems;
}

/** Who activates over a deployment that he did not see is told what it is. */
async function lostRace({ world, servers, digests }: Scene): Promise<string[]> {
  const response = await put(world, servers[0], { digest: digests.a, expected_sequence: 1 });
  const { code, detail } = (await response.json()) as { code: string; detail: string };
  const told =
    [digests.a, digests.b].some((digest) => detail.includes(digest)) && /sequence \d+ at/.test(detail);

  return response.status === 409 && code === 'conflict' && told
    ? []
    : [`a lost race was answered with ${response.status} ${code}: ${detail}`];
}

function put(world: ServerWorld, server: ServerProcess | undefined, body: object): Promise<Response> {
  return fetch(`http://${server?.addresses.admin}/v1/stores/default/deployment`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${world.adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

function archiveOf(name: BundleName): Uint8Array {
  const { decision, policy } = BUNDLES[name];
  const effect = decision === 'allow' ? 'permit' : 'forbid';
  const files = {
    'bundle.yaml': `format_version: 1
name: opposite-${name}
version: 1.0.0
description: Always ${decision}
owners: [test]
entity_sources: { Caller: request, Thing: request }
`,
    'schema.cedarschema': `entity Caller;
entity Thing;
action act appliesTo { principal: Caller, resource: Thing, context: {} };
`,
    'policy.cedar': `@id("${policy}")
${effect}(principal, action, resource);
`,
    'tests/always.yaml': `- description: always ${decision}
  request: { principal: 'Caller::"c"', action: 'Action::"act"', resource: 'Thing::"t"', context: {} }
  entities: []
  want: { decision: ${decision}, reason_code: ${decision === 'allow' ? 'permitted' : 'forbidden'}, determining: [${policy}], errors: [] }
`,
  };

  return writeArchive(new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)])));
}
