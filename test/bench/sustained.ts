import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadKind } from './client/messages.ts';
import type { Effort, Figure } from './figure.ts';
import { rssOfAll } from './rss.ts';
import type { Stage } from './stage.ts';

/** A sustained load, and what it did to the spool. */
export interface Sustained {
  readonly figure: Figure;
  /** Bytes in the spool after a quarter of the time, and at its end. */
  readonly quarterBytes: number;
  readonly endBytes: number;
  /** Decisions that were not in PostgreSQL when the load ended. */
  readonly backlog: number;
  /** Whether PostgreSQL took the records as fast as they were made. */
  readonly kept: boolean;
}

/**
 * What the spool may have more at the end than after a quarter: a segment goes when all of it was moved, so two of 16 MiB come
 * and go however well PostgreSQL keeps up.
 */
const SLACK_BYTES = 32 * 1024 * 1024;

/** How each of these figures asks. */
export const SUSTAINED: Readonly<Record<string, LoadKind>> = {
  sustained: 'grpc/unary',
  'sustained/batch100': 'grpc/batch100',
};

/** Decides over gRPC for a long time, with the log draining into PostgreSQL beside it. */
export async function measureSustained(name: string, stage: Stage, effort: Effort): Promise<Sustained> {
  const kind = SUSTAINED[name];
  if (kind === undefined) throw new Error(`${name} is no sustained load`);

  const servers = await stage.servers(1);
  await stage.drained();
  const addresses = servers.map(({ addresses }) => addresses.grpc);
  const { warmUpMs, sustainedMs } = effort;
  const spool = join(stage.world.home, 'spool');
  const over = new AbortController();
  // Without a sample, where the load ended early, nothing is said to have been kept up.
  const atQuarter = sleep(warmUpMs + sustainedMs / 4, undefined, { signal: over.signal })
    .then(() => bytesBelow(spool))
    .catch(() => Number.NaN);
  const load = await stage
    .load({ kind, echo: false, addresses, warmUpMs, measureMs: sustainedMs })
    .finally(() => over.abort());
  const endBytes = await bytesBelow(spool);
  const backlog = await stage.backlog();
  const quarterBytes = await atQuarter;
  const { p50, p99, perSecond } = load;

  return {
    figure: {
      name,
      unit: 'ms',
      p50,
      p99,
      per_second: perSecond,
      rss_mb: await rssOfAll(servers),
    },
    quarterBytes,
    endBytes,
    backlog,
    kept: endBytes <= quarterBytes + SLACK_BYTES,
  };
}

async function bytesBelow(directory: string): Promise<number> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile());
  // A segment may be removed meanwhile.
  const sizes = await Promise.all(
    files.map(({ parentPath, name }) =>
      stat(join(parentPath, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );

  return sizes.reduce((sum, size) => sum + size, 0);
}
