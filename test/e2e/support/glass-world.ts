import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type pg from 'pg';
import { afterAll, beforeAll } from 'vitest';
import { writeArchive } from '../../../services/bundles/archive.ts';
import { parseExactJson } from '../../../services/ledger/json.ts';
import { createPool } from '../../../services/store/pool.ts';
import { usePalisade } from '../../cli/support/run.ts';
import { createDecisionClient, type Outcome } from '../../support/decision-client.ts';
import { grpcMessage, type Question, restBody } from '../../support/question.ts';
import { deployArchive, type ServerWorld } from '../../support/server.ts';
import { useWorld } from '../../support/use-world.ts';
import { glassBundle } from './glass-bundle.ts';
import { allServe, type Replica, startReplicas } from './three-replicas.ts';

const SECRET = 'a secret of the tests, long enough';
export const WAIT = { timeout: 20_000, interval: 50 };

/** What an endpoint was told. */
export interface ToldEvent {
  readonly kind: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** In the order in which they came. */
export const events: ToldEvent[] = [];
const receiver = createServer((request, response) => {
  void text(request).then((body) => {
    events.push(JSON.parse(body) as ToldEvent);
    response.writeHead(204).end();
  });
});
export let owner: pg.Pool;
const palisade = usePalisade();

/** Three replicas with one store, an endpoint that is told, and two operators; for all tests of the file that imports this. */
export const three = useWorld(async (world) => {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const file = join(world.home, 'webhooks.json');
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  await writeFile(file, JSON.stringify({ endpoints: [{ name: 'on-call', url, secret: SECRET }] }), {
    mode: 0o600,
  });
  // Before the replicas, which know them from their start then.
  const tokens = {
    olga: await world.credential({ name: 'olga', roles: ['operator'] }),
    rita: await world.credential({ name: 'rita', roles: ['reviewer', 'operator'] }),
  };
  const replicas = await startReplicas(world, ['pdp-1', 'pdp-2', 'pdp-3'], { PALISADE_WEBHOOKS_FILE: file });
  const [first] = replicas as readonly [Replica, Replica, Replica];
  await deployArchive(world, first.server.addresses.admin, writeArchive(glassBundle()));
  await allServe(replicas, 1n, 20_000);

  return { world, replicas, tokens };
});
beforeAll(() => {
  owner = createPool({ connection: three().world.database.ownerUrl, max: 2 });
});
afterAll(async () => {
  await owner.end();
  receiver.close();
});

export const FAY = { type: 'User', id: 'fay' };
export const DEPLOY = [{ type: 'Action', id: 'deploy' }];
export const WANTED = {
  principal: FAY,
  actions: DEPLOY,
  reason: 'the shop is down',
  ticket: 'INC-7',
  minutes: 5,
};

export async function asOlga(method: string, path: string, body?: object) {
  const { replicas, tokens } = three();
  const [first] = replicas as readonly [Replica, Replica, Replica];
  const answer = await fetch(`http://${first.server.addresses.admin}/v1/stores/default/break-glass${path}`, {
    method,
    headers: { authorization: `Bearer ${tokens.olga}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

  return { status: answer.status, body: parseExactJson(await answer.text()) as Record<string, unknown> };
}

export function close(id: unknown) {
  return asOlga('POST', `/${id}/close`, { reason: 'it is over' });
}

export function tokenOf(name: 'olga' | 'rita'): string {
  return three().tokens[name];
}

export function cli(token: string, ...args: readonly string[]) {
  return run(token, 'break-glass', ...args);
}

export function run(token: string, ...args: readonly string[]) {
  const [first] = three().replicas as readonly [Replica, Replica, Replica];

  return palisade(args, {
    PALISADE_ADMIN_URL: `http://${first.server.addresses.admin}`,
    PALISADE_TOKEN: token,
  });
}

export async function ask(
  { server }: Replica,
  by: 'rest' | 'grpc',
  principal: string,
  action: string,
  since = 0n,
  members: Question['members'] = {},
): Promise<Outcome> {
  const client = createDecisionClient(server.addresses, three().world.runtimeToken, 10_000);
  const question: Question = {
    principal: `User::"${principal}"`,
    action: `Action::"${action}"`,
    resource: 'Service::"shop"',
    members: { at_least_sequence: since, ...members },
  };
  try {
    return by === 'grpc' ? await client.grpc(grpcMessage(question)) : await client.rest(restBody(question));
  } finally {
    client.close();
  }
}

export async function recordsUnder(id: string): Promise<readonly Record<string, unknown>[]> {
  const [first] = three().replicas as readonly [Replica, Replica, Replica];
  const { body } = await first.admin('GET', `/v1/decisions?break_glass=${id}`);

  return body['records'] as readonly Record<string, unknown>[];
}

/** As if it had been opened long ago; nobody waits for minutes here. */
export async function endIn(id: string, time: string): Promise<void> {
  await owner.query(
    `update break_glass set until = clock_timestamp() + $2::interval, opened_at = clock_timestamp() - interval '1 minute'
     where id = $1`,
    [id, time],
  );
}

export async function cutOff({ database }: ServerWorld, isCut: boolean): Promise<void> {
  await owner.query(`alter database ${database.name} connection limit ${isCut ? 0 : -1}`);
  await owner.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = $1 and pid <> pg_backend_pid() and application_name like 'palisade%' and usename <> current_user`,
    [database.name],
  );
}

export function sequenceOf(value: unknown): bigint {
  if (typeof value !== 'bigint') throw new Error(`${String(value)} is no sequence`);

  return value;
}
