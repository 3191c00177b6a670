import { execFile } from 'node:child_process';
import type { ServerProcess, ServerWorld } from '../../support/server.ts';

/** What `palisade replay --verify` says of the whole log. */
export interface Verified {
  readonly read: number;
  readonly replayed: number;
  readonly differing: number;
  /** Why records were not decided again, and how many. */
  readonly unreplayed: Readonly<Record<string, number>>;
  readonly elapsedMs: number;
  readonly code: number | null;
  /** All that it printed. */
  readonly text: string;
}

/** Has each decision decided again as it was. @throws Error where there is no report. */
export async function verifyLog(world: ServerWorld, server: ServerProcess): Promise<Verified> {
  const { report, ...ended } = await replay(world, server, '--verify');
  const { differing, unreplayed } = report;
  const found = Object.entries(unreplayed).filter(([, count]) => count > 0);

  return { ...read(report), ...ended, differing, unreplayed: Object.fromEntries(found) };
}

/** Has all of them decided by one bundle. @throws Error where there is no report. */
export async function replayLog(
  world: ServerWorld,
  server: ServerProcess,
  digest: string,
): Promise<Pick<Verified, 'read' | 'replayed' | 'elapsedMs'>> {
  return read((await replay(world, server, '--bundle', digest)).report);
}

interface Report {
  readonly read: number;
  readonly replayed: number;
  readonly differing: number;
  readonly unreplayed: Readonly<Record<string, number>>;
  readonly elapsed_ms: number;
}

function read({ read, replayed, elapsed_ms: elapsedMs }: Report) {
  return { read, replayed, elapsedMs };
}

/** Runs the command against a server. */
function replay(
  { adminToken }: ServerWorld,
  { addresses }: ServerProcess,
  ...more: readonly string[]
): Promise<{ readonly report: Report; readonly code: number | null; readonly text: string }> {
  const args = ['services/cli/palisade.js', 'replay', '--store', 'default', ...more, '--json'];
  const env = {
    PATH: process.env['PATH'],
    PALISADE_ADMIN_URL: `http://${addresses.admin}`,
    PALISADE_TOKEN: adminToken,
  };

  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, args, { env, maxBuffer: 2 ** 26 }, (error, text, complaint) => {
      try {
        resolve({ report: JSON.parse(text), code: child.exitCode, text });
      } catch {
        reject(new Error(`no report: ${complaint}`, { cause: error }));
      }
    });
  });
}
