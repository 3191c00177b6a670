import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Resident set size of a process in MB (2^20 bytes). */
export async function rssOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined);
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status ?? '')?.[1];
  if (kib !== undefined) return Number(kib) / 1024;

  const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)]);

  return Number(stdout) / 1024;
}

/** @returns NaN where there are no values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);

  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** One of the four equal parts of the values, by their order; the first is 0. */
export function quarter(values: readonly number[], index: number): readonly number[] {
  return values.slice((index * values.length) / 4, ((index + 1) * values.length) / 4);
}
