import { setTimeout as sleep } from 'node:timers/promises';
import { grpcClient, metadataOf } from '../pdp/wire/support.ts';
import { deployPolicies, type ServerWorld } from '../support/server.ts';
import { type Answer, isDecided } from './answer.ts';
import { type CaseSource, type EdgeCase, edgeCase } from './edge-case.ts';
import { readFuzzBundle } from './fuzz-bundle.ts';
import { differencesOf } from './judge.ts';
import { type MonitoredServer, STALL_MS, serveMonitored, untilReported } from './monitored.ts';
import { createOracle } from './oracle.ts';
import { sendGrpc } from './send-grpc.ts';
import { sendRest } from './send-rest.ts';

export interface FuzzOptions {
  readonly requests: number;
  readonly seed: number;
  /** Told of each difference, and now and then how far it is. */
  readonly print: (line: string) => void;
}

export interface FuzzResult {
  readonly differences: number;
  /** How many outcomes there were of each kind: `allow`, `deny`, or the code of an error. */
  readonly outcomes: ReadonlyMap<string, number>;
}

const BUNDLES = { rich: 'test/fuzz/bundles/rich', starter: 'policies/coding-agent' };
/** Cases in flight at once. */
const LANES = 6;
/** Cases that are sent first and not judged for stalls: code is compiled while it first runs. */
const WARM_UP = 400;
const PROGRESS_MS = 10_000;
/** Times that a suspect of a stall is sent again, alone; it must stall each time. */
const AGAIN = 3;
const MAX_SUSPECTS = 500;

interface Span {
  readonly index: number;
  readonly from: number;
  readonly to: number;
}

/** Throws random and mutated requests at a server of the world and compares what it says with Cedar. */
export async function fuzz(world: ServerWorld, options: FuzzOptions): Promise<FuzzResult> {
  const bundles = await Promise.all(
    Object.entries(BUNDLES).map(([store, folder]) => readFuzzBundle(folder, store)),
  );
  const monitored = await serveMonitored(world, { PALISADE_DURABILITY: 'flushed' });
  const { addresses } = monitored.server;
  for (const { folder, store } of bundles) {
    await makeStore(world, addresses.admin, store);
    await deployPolicies(world, addresses.admin, folder, store);
  }
  const stores = bundles.map(({ store }) => store);
  const token = await world.credential({ name: 'fuzz', stores, fullDetail: true });
  await sleep(1_000);

  const source: CaseSource = { seed: options.seed, bundles, token };
  const client = grpcClient(portOf(addresses.grpc));
  const metadata = metadataOf({ authorization: `Bearer ${token}` });
  const send = (edge: EdgeCase): Promise<Answer> =>
    edge.transport === 'grpc' ? sendGrpc(client, metadata, edge) : sendRest(portOf(addresses.rest), edge);
  const oracle = createOracle(bundles);
  const outcomes = new Map<string, number>();
  const spans: Span[] = [];
  let differences = 0;
  let printedAt = Date.now();

  const report = (edge: EdgeCase | undefined, what: string): void => {
    differences += 1;
    options.print(`DIFFERENCE ${what}${edge === undefined ? '' : `\n  ${JSON.stringify(printable(edge))}`}`);
  };
  const one = async (index: number): Promise<void> => {
    const edge = edgeCase(source, index);
    const from = Date.now();
    const answer = await send(edge);
    spans.push({ index, from, to: Date.now() });
    count(outcomes, answer);
    for (const what of differencesOf(oracle, edge, answer)) report(edge, what);
    if (Date.now() - printedAt < PROGRESS_MS) return;
    printedAt = Date.now();
    options.print(`${index} of ${options.requests} requests, ${differences} differences`);
  };

  try {
    await inLanes(WARM_UP, monitored, (index) => send(edgeCase({ ...source, seed: ~source.seed }, index)));
    await untilReported();
    const calm = monitored.stalls.length;
    await inLanes(options.requests, monitored, one);
    await untilReported();
    for (const index of await stallingCases(monitored, calm, spans, source, send))
      report(edgeCase(source, index), `more than ${STALL_MS} ms of CPU in one turn of the event loop`);
    const exit = monitored.exit();
    if (exit !== undefined) report(undefined, `${exit}\n${monitored.server.output.slice(-20).join('\n')}`);
  } finally {
    client.close();
  }

  return { differences, outcomes };
}

async function makeStore(world: ServerWorld, admin: string, store: string): Promise<void> {
  const made = await fetch(`http://${admin}/v1/stores`, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: store }),
  });
  if (!made.ok) throw new Error(`no store ${store}: ${await made.text()}`);
}

async function inLanes(
  cases: number,
  monitored: MonitoredServer,
  run: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < cases && monitored.exit() === undefined) {
      next += 1;
      await run(next - 1);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/**
 * Which cases stall the server: all that were under way in a stall are sent again, one by one. One that shared its turn with
 * others, or with a collection of garbage, does not stall it again.
 */
async function stallingCases(
  monitored: MonitoredServer,
  calm: number,
  spans: readonly Span[],
  source: CaseSource,
  send: (edge: EdgeCase) => Promise<unknown>,
): Promise<number[]> {
  const stalls = monitored.stalls.slice(calm);
  const suspects = spans
    .filter(({ from, to }) => stalls.some((stall) => from <= stall.to && to >= stall.from))
    .slice(0, MAX_SUSPECTS);
  const guilty: number[] = [];

  for (const { index } of suspects) {
    let again = 0;
    for (; again < AGAIN; again += 1) {
      const before = monitored.stalls.length;
      await send(edgeCase(source, index));
      await untilReported();
      if (monitored.stalls.length === before) break;
    }
    if (again === AGAIN) guilty.push(index);
  }

  return guilty;
}

function count(outcomes: Map<string, number>, { items, refused }: Answer): void {
  const kinds = items.map(({ outcome }) => (isDecided(outcome) ? outcome.decision : outcome.code));
  if (refused !== undefined) kinds.push(refused.code);
  for (const kind of kinds) outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
}

function printable({ bodies, ...edge }: EdgeCase): object {
  return { ...edge, bodies: bodies.map((body) => body.toString('base64')) };
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1));
}
