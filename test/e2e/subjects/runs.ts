import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseExactJson } from '../../../services/ledger/json.ts';
import { readRecord } from '../../../services/ledger/record.ts';
import { agentBundle } from '../../pdp/runs/support.ts';
import { createDecisionClient, type DecisionClient, type Outcome } from '../../support/decision-client.ts';
import { grpcMessage, restBody } from '../../support/question.ts';
import { grpcRuns } from '../../support/run-client.ts';
import { until } from '../support/stage.ts';
import { deployToAll, replace, type Three } from '../support/subject.ts';
import type { Replica } from '../support/three-replicas.ts';

/** More than a busy machine takes for all calls: none of them is to end for want of time. */
const DEADLINE_MS = 60_000;
const TREES = 12;
const HELPERS = ['b', 'helper', 'other'];

/** Either secrets or personal data, in one tree of runs; and each of two actions only where the other was not allowed in the run. */
const EITHER = `
@id("no-pii-beside-secrets")
forbid (principal, action == Action::"take_pii", resource) when { context.pdp.run.labels.contains("secret") };
@id("no-secrets-beside-pii")
forbid (principal, action == Action::"take_secret", resource) when { context.pdp.run.labels.contains("pii") };
@id("no-left-after-right")
forbid (principal, action == Action::"left", resource) when { context.pdp.run.actions has right };
@id("no-right-after-left")
forbid (principal, action == Action::"right", resource) when { context.pdp.run.actions has left };
`;
const EITHER_SCHEMA = `
action take_pii, take_secret appliesTo { principal: Bot, resource: File, context: { pdp: { run: { labels: Set<String> } } } };
action left, right appliesTo {
  principal: Bot, resource: Site, context: { pdp: { run: { actions: { left?: RunAction, right?: RunAction } } } }
};
`;

function eitherBundle() {
  const files = new Map(agentBundle({ policies: EITHER }));
  const change = (path: string, to: (text: string) => string): void => {
    files.set(path, Buffer.from(to(String(files.get(path)))));
  };
  change('schema.cedarschema', (text) => `${text}${EITHER_SCHEMA}`);
  change('bundle.yaml', (text) =>
    // The store knows another limit of that name, of another subject.
    text
      .replace('name: spent,', 'name: spent_in_runs,')
      .replace(
        '  takes:\n',
        `  takes:\n    'Action::"take_pii"': [resource.labels]\n    'Action::"take_secret"': [resource.labels]\n`,
      ),
  );
  change('entities.json', (text) =>
    JSON.stringify([
      ...(parseExactJson(text) as object[]),
      { uid: { type: 'File', id: 'people' }, attrs: { labels: ['pii'] }, parents: [] },
    ]),
  );

  return files;
}

let three: () => Three;
let pool: pg.Pool;
let clients: readonly DecisionClient[];

/** Runs hold what they promise for calls at once over several processes. */
export function tryRuns(given: () => Three): void {
  beforeAll(async () => {
    three = given;
    await deployToAll(three(), eitherBundle());
    const { world, replicas } = three();
    pool = new pg.Pool({ connectionString: world.database.servingUrl, max: 2 });
    clients = replicas.map(({ server }) =>
      createDecisionClient(server.addresses, world.runtimeToken, DEADLINE_MS),
    );
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await pool.end();
  });

  test('calls of one run at once, through three processes, do not slip past each other', {
    timeout: 120_000,
  }, async () => {
    await Promise.all(
      Array.from({ length: TREES }, async () => {
        const [run = ''] = await startTree();
        const outcomes = await Promise.all(
          Array.from({ length: 12 }, (_, at) => ask(at, run, at % 4 < 2 ? 'left' : 'right', 'Site::"s"')),
        );
        const [left, right] = [0, 2].map((of) =>
          allowed(outcomes.filter((_, at) => (at % 4 < 2 ? 0 : 2) === of)),
        );

        expect(outcomes.filter(({ decision }) => decision === undefined)).toEqual([]);
        expect([left, right].toSorted()).toEqual([0, 6]);
      }),
    );
  });

  test('calls of the runs of one tree at once do not slip past each other either', {
    timeout: 120_000,
  }, async () => {
    await Promise.all(
      Array.from({ length: TREES }, async () => {
        const runs = await startTree();
        const outcomes = await Promise.all(
          runs.flatMap((run, who) => [
            ask(who, run, 'take_secret', 'File::"keys"', who),
            ask(who + 1, run, 'take_pii', 'File::"people"', who),
          ]),
        );
        const [secret, pii] = [0, 1].map((of) => allowed(outcomes.filter((_, at) => at % 2 === of)));

        expect(outcomes.filter(({ decision }) => decision === undefined)).toEqual([]);
        expect([secret, pii].toSorted()).toEqual([0, 3]);
      }),
    );
  });

  test('one deployment alone is allowed in a run, and one budget for a tree, however many ask', {
    timeout: 120_000,
  }, async () => {
    const runs = await startTree();
    const [root = ''] = runs;
    await ask(0, root, 'run_tests', 'Site::"s"');
    const deployed = await Promise.all(
      Array.from({ length: 30 }, (_, at) => ask(at, root, 'deploy', 'Site::"s"')),
    );
    expect(allowed(deployed)).toBe(1);

    const spent = await Promise.all(
      Array.from({ length: 60 }, (_, at) => {
        const who = at % 3;
        return ask(at, runs[who] ?? '', 'spend', 'Site::"s"', who, '{"input":{"amount":1}}');
      }),
    );
    expect(allowed(spent)).toBe(10);
    expect(spent.filter((outcome) => outcome['reason_code'] === 'limit_exceeded')).toHaveLength(50);
  });

  test('the record of each allow tells the state that it was judged by, and no two tell the same', {
    timeout: 120_000,
  }, async () => {
    const [run = ''] = await startTree();
    const outcomes = await Promise.all(
      Array.from({ length: 18 }, (_, at) => ask(at, run, 'left', 'Site::"s"')),
    );
    expect(allowed(outcomes)).toBe(18);
    const records = async () => {
      const { rows } = await pool.query<{ record: string }>(
        `select record from decisions where decision = 'allow' and record like $1`,
        [`%${run}%`],
      );

      return rows.map(({ record }) => readRecord(record));
    };
    await until(async () => (await records()).length === 18);
    const counts = (await records()).map((record) => {
      if (record.kind !== 'decision') throw new Error('no decision');
      const { run: fact } = record.facts as { run: { actions: { left?: { count: bigint } } } };

      return Number(fact.actions.left?.count ?? 0n);
    });

    expect(counts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 18 }, (_, at) => at));
  });

  test('a process that is killed among the calls of a run loses none that it told of', {
    timeout: 120_000,
  }, async () => {
    const { replicas } = three();
    const [, victim] = replicas;
    const [run = ''] = await startTree();
    const steps = async () => {
      const { rows } = await pool.query<{ steps: string }>('select steps from runs where run_id = $1', [run]);

      return Number(rows[0]?.steps);
    };
    const asked = Promise.all(Array.from({ length: 200 }, () => ask(1, run, 'left', 'Site::"s"')));
    await until(async () => (await steps()) > 3);
    await victim.server.kill();
    const told = allowed(await asked);
    await replace(three(), victim);

    const taken = await steps();
    expect(taken).toBeGreaterThanOrEqual(told);
    expect(taken).toBeLessThan(200);
    // Whatever was taken stays taken, and the run goes on from there.
    expect(await ask(0, run, 'right', 'Site::"s"')).toMatchObject({ reason_code: 'forbidden' });
    expect(await ask(0, run, 'left', 'Site::"s"')).toMatchObject({ decision: 'allow' });
    expect(await steps()).toBe(taken + 1);
  });
}

/** Opens a tree of three runs, each by another replica. */
async function startTree(): Promise<readonly string[]> {
  const { world, replicas } = three();
  const runs: string[] = [];
  for (const [at, id] of HELPERS.entries()) {
    const { addresses } = (replicas[at] as Replica).server;
    const run = await grpcRuns(addresses, `Bearer ${world.runtimeToken}`, DEADLINE_MS).start({
      principal: { type: 'Bot', id },
      ...(at === 0 ? {} : { parent_run_id: runs[0] }),
    });
    expect(run).toMatchObject({ run_id: expect.any(String) });
    runs.push(String(run['run_id']));
  }

  return runs;
}

/** Asks one replica, over gRPC and REST in turns. @param who of the three in the tree asks. */
function ask(
  at: number,
  run: string,
  action: string,
  resource: string,
  who = 0,
  context = '{}',
): Promise<Outcome> {
  const question = {
    principal: `Bot::"${HELPERS[who]}"`,
    action: `Action::"${action}"`,
    resource,
    context,
    members: { run: { run_id: run } },
  };
  const client = clients[at % clients.length] as DecisionClient;

  return at % 2 === 0 ? client.grpc(grpcMessage(question)) : client.rest(restBody(question));
}

const allowed = (outcomes: readonly Outcome[]) =>
  outcomes.filter(({ decision }) => decision === 'allow').length;
