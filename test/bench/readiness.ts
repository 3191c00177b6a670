import { writeArchive } from '../../services/bundles/archive.ts';
import { readBundleDirectory } from '../../services/bundles/files.ts';
import { embeddedReadySeconds } from '../soak/readiness.ts';
import { withPrivateWorld } from '../support/private-postgres.ts';
import { deployArchive, type ServerWorld } from '../support/server.ts';
import type { Effort, Figure } from './figure.ts';
import { rssOfAll } from './rss.ts';
import { median, quantile } from './statistics.ts';

/** The bundle that a first start deploys. */
export const STARTER = 'policies/coding-agent';
const POLL_MS = 5;
const READY_MS = 20_000;

/** From spawning `palisade serve` until `/readyz` says 200: PostgreSQL runs, and the starter bundle is deployed. */
export function measureExternal({ starts }: Effort, signal: AbortSignal): Promise<Figure> {
  return withPrivateWorld(async (world) => {
    await deployStarter(world);
    const { took, rssMb } = await measureStarts(world, starts, signal);

    return { ...figureOf('ready/external', took), rss_mb: rssMb };
  });
}

/** Starts a server so many times: milliseconds until each was ready, and the median of what they took, in MB. */
export async function measureStarts(
  world: ServerWorld,
  starts: number,
  signal: AbortSignal,
): Promise<{ readonly took: readonly number[]; readonly rssMb: number }> {
  const took: number[] = [];
  const sizes: number[] = [];
  for (let start = 0; start < starts; start += 1) {
    signal.throwIfAborted();
    const startedAt = performance.now();
    const server = await world.serve();
    await untilReady(server.addresses.admin);
    took.push(performance.now() - startedAt);
    sizes.push(await rssOfAll([server]));
    await server.stop();
  }

  return { took, rssMb: median(sizes) };
}

/** From spawning `palisade start` in an empty folder until it decides, its own PostgreSQL and the starter bundle included. */
export async function measureEmbedded({ starts }: Effort, signal: AbortSignal): Promise<Figure> {
  const took: number[] = [];
  for (let start = 0; start < Math.min(starts, EMBEDDED_STARTS); start += 1) {
    signal.throwIfAborted();
    const [first] = await embeddedReadySeconds();
    took.push(1_000 * first);
  }

  return figureOf('ready/embedded', took);
}

const EMBEDDED_STARTS = 3;

/** Of so few starts `p99` is the slowest. */
function figureOf(name: string, took: readonly number[]): Figure {
  return { name, unit: 'ms', p50: median(took), p99: quantile(took, 0.99) };
}

async function deployStarter(world: ServerWorld): Promise<void> {
  const server = await world.serve();
  const { files } = await readBundleDirectory(STARTER);
  await deployArchive(world, server.addresses.admin, writeArchive(files));
  await server.stop();
}

async function untilReady(admin: string): Promise<void> {
  const deadline = performance.now() + READY_MS;
  for (;;) {
    const { status } = await fetch(`http://${admin}/readyz`);
    if (status === 200) return;
    if (performance.now() > deadline) throw new Error(`the server is not ready after ${READY_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
