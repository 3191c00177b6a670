import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { writeArchive } from '../../services/bundles/archive.ts';
import { LIMITS } from '../../services/engine/limits.ts';
import { grpcClient, metadataOf } from '../pdp/wire/support.ts';
import { withPrivateWorld } from '../support/private-postgres.ts';
import { deployArchive, type ServerWorld } from '../support/server.ts';
import { type MonitoredServer, STALL_MS, serveMonitored } from './monitored.ts';
import { entitiesOf, WORST_CASES, type WorstCase } from './worst-cases.ts';
import { typedRequest } from './worst-typed.ts';

/** CPU of the server's main thread, in milliseconds, that the largest request of a case takes. */
export interface WorstFigure {
  readonly name: string;
  /** Bytes of the largest request that is decided. */
  readonly bytes: number;
  /** The first of its bundle. */
  readonly cold: number;
  /** Of the later ones. */
  readonly median: number;
  /** The largest that a body holds, where that is refused; absent where it is decided. */
  readonly refused: number | undefined;
}

const REPEATS = 7;
const USAGE = `node test/fuzz/worst.ts [--only TEXT]

Searches for the slowest request that the published limits admit, and prints the CPU time that the server's main thread
takes for each kind. Exit code 1 where one is over ${STALL_MS} ms.`;

type Send = (worst: WorstCase, size: number) => Promise<'decided' | 'refused'>;

/** Measures every case on a server of its own. */
export async function measureWorst(
  world: ServerWorld,
  cases: readonly WorstCase[],
  onFigure: (figure: WorstFigure) => void,
): Promise<void> {
  const monitored = await serveMonitored(world);
  const { addresses } = monitored.server;
  const client = grpcClient(Number(addresses.grpc.split(':').at(-1)));
  const metadata = metadataOf({ authorization: `Bearer ${world.runtimeToken}` });
  const send: Send = async (worst, size) => {
    if (worst.typed === true) {
      const request = typedRequest(worst, size);
      return new Promise((resolve) => {
        client.authorize(request, metadata, (error) => resolve(error === null ? 'decided' : 'refused'));
      });
    }
    const response = await fetch(`http://${addresses.rest}/v1/authorize`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world.runtimeToken}`, 'content-type': 'application/json' },
      body: bodyOf(worst, size),
    });
    await response.text();
    if (response.status >= 500) throw new Error(`${worst.name}: ${response.status}`);

    return response.ok ? 'decided' : 'refused';
  };
  const deploy = async (worst: WorstCase, round: number): Promise<void> => {
    const digest = await deployArchive(world, addresses.admin, archiveOf(worst, round));
    await untilServed(world, addresses.rest, digest);
    await settled(monitored);
  };

  try {
    let rounds = 0;
    for (const worst of cases) {
      await deploy(worst, ++rounds);
      const fits = largest(worst, (size) => Promise.resolve(bodyOf(worst, size).length <= LIMITS.body_bytes));
      const most = Math.min(worst.most ?? Number.POSITIVE_INFINITY, await fits);
      const size = await largestBelow(most, async (size) => (await send(worst, size)) === 'decided');
      await deploy(worst, ++rounds);

      const cold = await cpuOf(monitored, () => send(worst, size));
      const median = await medianCpu(monitored, () => send(worst, size));
      const refused = size < most ? await medianCpu(monitored, () => send(worst, most)) : undefined;
      onFigure({ name: worst.name, bytes: bodyOf(worst, size).length, cold, median, refused });
    }
  } finally {
    client.close();
  }
}

function bodyOf(worst: WorstCase, size: number): Buffer {
  const { type, id } = worst.resource ?? { type: 'R', id: 'r' };

  return Buffer.from(
    `{"principal":{"type":"P","id":"0"},"action":{"type":"Action","id":"act"},"resource":{"type":"${type}","id":"${id}"},"context":${worst.context(
      size,
    )},"entities":${entitiesOf(worst, size)}}`,
  );
}

function archiveOf({ bundle }: WorstCase, round: number): Uint8Array {
  const files = Object.entries(bundle).map(([path, text]) => {
    const own = path === 'bundle.yaml' ? text.replace('1.0.0', `1.0.${round}`) : text;

    return [path, new TextEncoder().encode(own)] as const;
  });

  return writeArchive(new Map(files));
}

async function untilServed(world: ServerWorld, rest: string, digest: string): Promise<void> {
  for (;;) {
    const response = await fetch(`http://${rest}/v1/authorize`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world.runtimeToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        principal: { type: 'Nobody', id: '' },
        action: { type: 'Action', id: 'act' },
        resource: { type: 'R', id: 'r' },
        expected_bundle_digest: digest,
      }),
    });
    const { code } = (await response.json()) as { code?: string };
    // Only the bundle itself finds that it knows no such principal.
    if (code === 'invalid_request') return;
    await sleep(50);
  }
}

/** Waits until the server's main thread has nothing left to do. */
async function settled(monitored: MonitoredServer): Promise<void> {
  for (;;) {
    const before = await monitored.cpuMs();
    await sleep(200);
    if ((await monitored.cpuMs()) - before < 15) return;
  }
}

async function medianCpu(monitored: MonitoredServer, run: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat += 1) times.push(await cpuOf(monitored, run));

  return times.sort((a, b) => a - b)[REPEATS >> 1] ?? Number.NaN;
}

async function cpuOf(monitored: MonitoredServer, run: () => Promise<unknown>): Promise<number> {
  const before = await monitored.cpuMs();
  await run();

  return (await monitored.cpuMs()) - before;
}

async function largest(worst: WorstCase, fits: (size: number) => Promise<boolean>): Promise<number> {
  let most = 1;
  while (most < (worst.most ?? LIMITS.body_bytes) && (await fits(most))) most *= 2;

  return largestBelow(most, fits);
}

/** The largest size up to `most` that passes; 0 where none does. */
async function largestBelow(most: number, passes: (size: number) => Promise<boolean>): Promise<number> {
  if (await passes(most)) return most;
  let good = 0;
  let bad = most;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (await passes(middle)) good = middle;
    else bad = middle;
  }

  return good;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { only: { type: 'string' }, help: { type: 'boolean' } } });
  if (values.help === true) console.log(USAGE);
  else await run(values.only ?? '');
}

async function run(only: string): Promise<void> {
  const cases = WORST_CASES.filter(({ name }) => name.includes(only));
  let over = 0;
  console.log(
    `${'case'.padEnd(52)}${'bytes'.padStart(8)}${'cold'.padStart(9)}${'median'.padStart(9)}${'refused'.padStart(9)}`,
  );
  await withPrivateWorld((world) =>
    measureWorst(world, cases, ({ name, bytes, cold, median, refused }) => {
      const ms = [cold, median, refused].map((time) =>
        (time === undefined ? '-' : time.toFixed(1)).padStart(9),
      );
      console.log(`${name.padEnd(52)}${String(bytes).padStart(8)}${ms.join('')}`);
      if (Math.max(cold, median, refused ?? 0) > STALL_MS) over += 1;
    }),
  );
  console.log(`${cases.length} cases, ${over} over ${STALL_MS} ms`);
  process.exitCode = over === 0 ? 0 : 1;
}
