import { setTimeout as sleep } from 'node:timers/promises';
import { writeArchive } from '../../../services/bundles/archive.ts';
import { bundleDigest } from '../../../services/bundles/digest.ts';
import { parseExactJson } from '../../../services/ledger/json.ts';
import { insertBundle } from '../../../services/store/bundles.ts';
import { createPool } from '../../../services/store/pool.ts';
import { levelsBundle } from '../../pdp/support/levels.ts';
import type { ServerProcess, ServerWorld } from '../../support/server.ts';

/** Two server processes on one database, and what to do with their deployments. */
export interface Stage {
  readonly world: ServerWorld;
  readonly servers: readonly [ServerProcess, ServerProcess];
  /** Stores a bundle as it is, without its check; gives its digest. */
  push(version: string, policies: string): Promise<string>;
  /** Changes the deployment through the first process; gives the new sequence. */
  change(method: 'PUT' | 'POST', path: string, body: object): Promise<bigint>;
  /** The same where it is to be refused; gives the problem. */
  refused(method: 'PUT' | 'POST', path: string, body: object): Promise<object>;
  status(): Promise<Status>;
  /** The sequence that each process serves. */
  serving(): Promise<readonly bigint[]>;
  /** Records of a kind, oldest first, once they are in PostgreSQL. */
  records(kind: 'change' | 'flip'): Promise<readonly StageRecord[]>;
  /** The record of a reply. */
  recordOf(reply: Reply | undefined): Promise<object>;
  /** One number of `/metrics`, of both processes together. */
  metric(sample: string): Promise<number>;
}

interface Status {
  readonly active: { readonly action: string; readonly sequence: bigint; readonly reason: string };
  readonly figures: Readonly<Partial<Record<'canary' | 'shadow', { readonly flips: bigint }>>>;
}

interface StageRecord {
  readonly action?: string;
  readonly sequence?: bigint;
  readonly author?: string;
  readonly flip?: { readonly role: string };
}

export interface Reply {
  readonly run: string;
  readonly id: string;
  readonly decision: string;
  readonly enforcement: string;
  readonly sequence: bigint;
  readonly digest: string;
  readonly determining: readonly string[];
  readonly policyDecision: string;
  readonly error: string | undefined;
}

const DEADLINE_MS = 30_000;

export async function createStage(world: ServerWorld): Promise<Stage> {
  const servers = await Promise.all([world.serve(), world.serve()]);
  const admin = async (server: ServerProcess, method: string, path: string, body?: object) => {
    const response = await fetch(`http://${server.addresses.admin}${path}`, {
      method,
      headers: { authorization: `Bearer ${world.adminToken}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

    return { ok: response.ok, answer: parseExactJson(await response.text()) as Record<string, unknown> };
  };
  const deployment = '/v1/stores/default/deployment';
  const recordWhere = async (condition: string, value: string): Promise<StageRecord[]> => {
    const pool = createPool({ connection: world.database.ownerUrl, max: 1 });
    try {
      const { rows } = await pool.query<{ record: string }>(
        `select record from decisions where ${condition} = $1 order by decision_id`,
        [value],
      );

      return rows.map(({ record }) => parseExactJson(record) as StageRecord);
    } finally {
      await pool.end();
    }
  };

  return {
    world,
    servers,

    push: (version, policies) => pushBundle(world, version, policies),

    async change(method, path, body) {
      const { ok, answer } = await admin(servers[0], method, `${deployment}${path}`, body);
      if (!ok) throw new Error(`not changed: ${String(answer['detail'])}`);

      return answer['sequence'] as bigint;
    },

    async refused(method, path, body) {
      const { ok, answer } = await admin(servers[0], method, `${deployment}${path}`, body);
      if (ok) throw new Error('it was not refused');

      return answer;
    },

    status: async () => (await admin(servers[0], 'GET', deployment)).answer as unknown as Status,

    serving: () =>
      Promise.all(
        servers.map(async (server) => {
          const { serving } = (await admin(server, 'GET', deployment)).answer as {
            serving: { sequence: bigint };
          };

          return serving.sequence;
        }),
      ),

    async records(kind) {
      await until(async () => (await recordWhere('kind', kind)).length > 0);
      await sleep(500);

      return recordWhere('kind', kind);
    },

    async recordOf(reply) {
      const find = () => recordWhere('decision_id::text', reply?.id ?? '');
      await until(async () => (await find()).length > 0);
      const [record] = await find();

      return record ?? {};
    },

    async metric(sample) {
      const values = await Promise.all(
        servers.map(async ({ addresses }) => {
          const text = await (await fetch(`http://${addresses.admin}/metrics`)).text();
          const line = text.split('\n').find((each) => each.startsWith(`${sample} `));

          return Number(line?.slice(sample.length) ?? 0);
        }),
      );

      return Math.max(...values);
    },
  };
}

/** Stores a bundle as it is, without its check; gives its digest. */
export async function pushBundle(world: ServerWorld, version: string, policies: string): Promise<string> {
  const files = levelsBundle(version, policies);
  const digest = bundleDigest(files);
  const pool = createPool({ connection: world.database.ownerUrl, max: 1 });
  const bundle = { name: 'levels', version, description: '', manifest: {}, cedarVersion: '4.13.0' };
  await insertBundle(pool, { ...bundle, digest, archive: writeArchive(files), createdBy: 'test' });
  await pool.end();

  return digest;
}

/** Asks one process to let an agent act with a level. */
export async function ask(
  { world }: Stage,
  { addresses }: ServerProcess,
  level: number,
  run: string,
): Promise<Reply> {
  const response = await fetch(`http://${addresses.rest}/v1/authorize`, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.runtimeToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      principal: { type: 'Agent', id: 'a' },
      action: { type: 'Action', id: 'act' },
      resource: { type: 'Doc', id: 'd' },
      context: { level },
      run: { run_id: run },
      detail: 'full',
    }),
  });
  const answer = parseExactJson(await response.text()) as Record<string, never> & {
    readonly bundle?: { readonly digest: string };
    readonly explanation?: {
      readonly policy_decision: string;
      readonly determining_policies: readonly { readonly policy_id: string }[];
    };
  };
  const { bundle, explanation } = answer;

  return {
    run,
    id: answer['decision_id'] ?? '',
    decision: answer['decision'] ?? '',
    enforcement: answer['enforcement'] ?? '',
    sequence: answer['state_sequence'] ?? 0n,
    digest: bundle?.digest ?? '',
    determining: explanation?.determining_policies.map(({ policy_id }) => policy_id) ?? [],
    policyDecision: explanation?.policy_decision ?? '',
    error: answer['code'],
  };
}

export async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error('it does not come');
    await sleep(100);
  }
}
