import { existsSync, readFileSync } from 'node:fs';
import { readBundleDirectory } from '../../../services/bundles/files.ts';
import { readRecord } from '../../../services/ledger/record.ts';
import type { Pool } from '../../../services/store/database.ts';
import { createPool } from '../../../services/store/pool.ts';
import { createDecisionClient, type DecisionClient, type Outcome } from '../../support/decision-client.ts';
import { grpcMessage, type Question, restBody } from '../../support/question.ts';
import { createCredential, createStore, deploy } from '../../support/shared-store.ts';
import { type SharedWorld, sharedWorld } from '../../support/shared-world.ts';
import { openInProcess } from './in-process.ts';
import { type Asked, askPeople } from './people.ts';
import type { CredentialName, GoldenCase } from './read-cases.ts';
import { typedMessage } from './typed-form.ts';

/** The ways that a case goes: gRPC once with JSON text in the message, once with typed values. */
export const TRANSPORTS = ['in_process', 'grpc', 'grpc_typed', 'rest'] as const;
export type Transport = (typeof TRANSPORTS)[number];

export interface Answer {
  readonly outcome: Outcome;
  /** The record that the call left. */
  readonly record: Readonly<Record<string, unknown>>;
  /** Those of the calls by which people were asked before. */
  readonly recordsBefore: readonly Answer['record'][];
  /** What they were asked by. */
  readonly approvalId: string | undefined;
}

export type Answers = ReadonlyMap<GoldenCase, ReadonlyMap<Transport, Answer>>;

/** Stores besides those of the bundles: one that runs nothing, and one that no credential of the cases names. */
const WITHOUT_BUNDLE = 'without-bundle';
const FOREIGN = 'another-tenant';
const RECORDS_MS = 10_000;

/**
 * Whether a case can go this way. A server takes the time from its clock, which no caller can set, so a case that gives a time
 * goes to the service itself alone; its transports are covered by the other cases.
 */
export function goesOver(transport: Transport, { now, jsonOnly, question }: GoldenCase): boolean {
  if (transport === 'in_process') return true;
  if (now !== undefined) return false;

  return transport !== 'grpc_typed' || (!jsonOnly && typedMessage(question) !== undefined);
}

/** Sends every case over everything that it goes over, and waits for the records. */
export async function answersTo(cases: readonly GoldenCase[]): Promise<Answers> {
  const world = await sharedWorld();
  const { tokens, digests } = await prepare(world, [...new Set(cases.map(({ bundle }) => bundle))]);
  const service = await openInProcess(world);
  const clients = new Map(
    [...tokens].map(([name, token]) => [name, createDecisionClient(world.addresses, token)]),
  );
  const pool = createPool({ connection: world.databaseUrl, max: 4 });
  const outcomes = new Map<GoldenCase, Map<Transport, Asked>>();

  try {
    await Promise.all(
      cases.map(async (one) =>
        outcomes.set(one, await overTheWire(one, placed(one, digests), clients, pool)),
      ),
    );
    // One after the other: they share a clock.
    for (const one of cases) {
      const token = tokens.get(one.credential) ?? '';
      const ask = (question: Question) => service.ask(question, token, one.now ?? Date.now());
      outcomes.get(one)?.set('in_process', await asked(one, placed(one, digests), ask, pool));
    }
  } finally {
    await pool.end();
    for (const client of clients.values()) client.close();
    await service.close();
  }

  return withRecords(world, outcomes);
}

/** Every bundle in a store of its name, and the credentials. */
async function prepare(
  world: SharedWorld,
  bundles: readonly string[],
): Promise<{
  tokens: ReadonlyMap<CredentialName, string>;
  digests: ReadonlyMap<string, string>;
}> {
  for (const name of [...bundles, WITHOUT_BUNDLE, FOREIGN]) await createStore(world, name);
  const stores = [...bundles, WITHOUT_BUNDLE];
  const guest = [{ type: 'User', ids: ['guest'] }];
  const tokens = new Map<CredentialName, string>([
    ['full', await createCredential(world, { name: 'case-full', stores, full_detail: true })],
    ['plain', await createCredential(world, { name: 'case-plain', stores })],
    ['guest', await createCredential(world, { name: 'case-guest', stores, principals: guest })],
  ]);
  const digests = new Map<string, string>();
  for (const name of bundles) {
    const { files } = await readBundleDirectory(folderOf(name));
    digests.set(name, await deploy(world, name, files));
    await fillStore(world, name);
  }

  return { tokens, digests };
}

/** Puts into a store what it is to hold, where its bundle asks for anything. */
async function fillStore(world: SharedWorld, name: string): Promise<void> {
  const path = `test/cases/bundles/${name}.stored.jsonl`;
  if (!existsSync(path)) return;

  // As text, in which integers are exact.
  const puts = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((entity) => `{"put":${entity}}`);
  const response = await fetch(`http://${world.addresses.admin}/v1/stores/${name}/entities`, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.adminToken}`, 'content-type': 'application/json' },
    body: `{"entities":[${puts.join()}]}`,
  });
  if (response.status !== 200) throw new Error(`the entities were not written: ${await response.text()}`);
}

/** The product's own bundles come before those of the cases. */
function folderOf(bundle: string): string {
  const own = `policies/${bundle}`;

  return existsSync(own) ? own : `test/cases/bundles/${bundle}`;
}

/** The question with what only the run knows: the store, and the digest that `active` stands for. */
function placed({ question, bundle }: GoldenCase, digests: ReadonlyMap<string, string>): Question {
  const { expected_bundle_digest: expected, ...members } = question.members ?? {};
  const digest = expected === 'active' ? digests.get(bundle) : expected;

  return {
    ...question,
    members: {
      policy_store: bundle,
      ...members,
      ...(digest === undefined ? {} : { expected_bundle_digest: digest }),
    },
  };
}

async function overTheWire(
  one: GoldenCase,
  question: Question,
  clients: ReadonlyMap<CredentialName, DecisionClient>,
  pool: Pool,
): Promise<Map<Transport, Asked>> {
  const client = clients.get(one.credential);
  const outcomes = new Map<Transport, Asked>();
  if (client === undefined) return outcomes;

  const ways: Partial<Record<Transport, (asking: Question) => Promise<Outcome>>> = {
    grpc: (asking) => client.grpc(grpcMessage(asking)),
    grpc_typed: (asking) => client.grpc(typedMessage(asking) ?? {}),
    rest: (asking) => client.rest(restBody(asking)),
  };
  const send = async (transport: Transport): Promise<void> => {
    const way = ways[transport];
    if (way !== undefined) outcomes.set(transport, await asked(one, question, way, pool));
  };
  const going = TRANSPORTS.filter((transport) => goesOver(transport, one));
  if (one.approval === undefined) await Promise.all(going.map(send));
  // One after the other: what is approved over one is not for another.
  else for (const transport of going) await send(transport);

  return outcomes;
}

async function asked(
  { approval }: GoldenCase,
  question: Question,
  ask: (question: Question) => Promise<Outcome>,
  pool: Pool,
): Promise<Asked> {
  if (approval === undefined) return { outcome: await ask(question), before: [] };

  return askPeople(ask, approval, question, pool);
}

async function withRecords(
  world: SharedWorld,
  outcomes: ReadonlyMap<GoldenCase, ReadonlyMap<Transport, Asked>>,
): Promise<Answers> {
  const traces = [...outcomes.values()].flatMap((all) =>
    [...all.values()].flatMap(({ outcome, before }) =>
      [outcome, ...before].map(({ trace_id }) => String(trace_id)),
    ),
  );
  const records = await recordsOf(world, traces);

  return new Map(
    [...outcomes].map(([one, all]) => [
      one,
      new Map(
        [...all].map(([transport, { outcome, before, approvalId }]) => {
          const record = recordOf(one, outcome);
          const recordsBefore = before.map((earlier) => recordOf(one, earlier));

          return [transport, { outcome, record, recordsBefore, approvalId }];
        }),
      ),
    ]),
  );

  function recordOf({ description }: GoldenCase, outcome: Outcome): Answer['record'] {
    const [record, ...more] = records.get(String(outcome['trace_id'])) ?? [];
    if (record === undefined || more.length > 0) throw new Error(`${description}: not one record`);

    return record;
  }
}

/** Records by their trace, straight from the table. */
async function recordsOf(
  { databaseUrl }: SharedWorld,
  traces: readonly string[],
): Promise<ReadonlyMap<string, readonly Answer['record'][]>> {
  const pool = createPool({ connection: databaseUrl, max: 1 });
  const deadline = performance.now() + RECORDS_MS;
  try {
    for (;;) {
      const { rows } = await pool.query<{ record: string }>(
        'select record from decisions where trace_id = any($1)',
        [traces],
      );
      if (rows.length >= traces.length || performance.now() > deadline) {
        return Map.groupBy(
          rows.map(({ record }) => readRecord(record)),
          ({ trace }) => trace.trace_id,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    await pool.end();
  }
}
