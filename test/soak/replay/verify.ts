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

/** Runs the command against a server. @throws Error where it gives no report. */
export function verifyLog({ adminToken }: ServerWorld, { addresses }: ServerProcess): Promise<Verified> {
  const args = ['services/cli/palisade.js', 'replay', '--store', 'default', '--verify', '--json'];
  const env = {
    PATH: process.env['PATH'],
    PALISADE_ADMIN_URL: `http://${addresses.admin}`,
    PALISADE_TOKEN: adminToken,
  };

  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, args, { env, maxBuffer: 2 ** 26 }, (error, text, complaint) => {
      try {
        resolve({ ...readReport(text), code: child.exitCode, text });
      } catch {
        reject(new Error(`no report: ${complaint}`, { cause: error }));
      }
    });
  });
}

function readReport(text: string): Omit<Verified, 'code' | 'text'> {
  const { read, replayed, differing, unreplayed, elapsed_ms: elapsedMs } = JSON.parse(text);
  const found = Object.entries<number>(unreplayed).filter(([, count]) => count > 0);

  return { read, replayed, differing, unreplayed: Object.fromEntries(found), elapsedMs };
}
