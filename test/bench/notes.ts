import type { Activation } from './activation.ts';
import type { Figure } from './figure.ts';
import type { MemoryOfPolicies } from './memory.ts';
import type { Report } from './report.ts';
import type { Sustained } from './sustained.ts';
import type { Worst } from './worst.ts';

/** Says which requests were the slowest. */
export function noteWorst({ figure, slowest }: Worst, report: Report): void {
  for (const { evaluator, name, bytes } of slowest) {
    report.note(`${figure.name}: slowest for ${evaluator} is "${name}" in ${bytes} bytes`);
  }
}

export function noteActivation({ figure, held }: Activation, report: Report): void {
  const { longestMs, longestCpuMs } = held;
  report.note(
    `${figure.name}: held the deciding thread for at most ${longestMs.toFixed(1)} ms at once, ${longestCpuMs.toFixed(1)} ms of CPU`,
  );
}

/** @param evaluations after which the process was looked at again. */
export function noteMemory(
  { starter, policies }: MemoryOfPolicies,
  evaluations: number,
  report: Report,
): void {
  const { loaded, quarter, end } = policies;
  report.note(
    `memory: the policies add ${(loaded.heapMb - starter.heapMb).toFixed(1)} MiB of heap to the ${starter.heapMb.toFixed(1)} MiB of the starter bundle`,
  );
  report.note(
    `memory: heap ${quarter.heapMb.toFixed(1)} MiB and RSS ${quarter.rssMb.toFixed(0)} MiB after a quarter of ${evaluations} evaluations, ${end.heapMb.toFixed(1)} and ${end.rssMb.toFixed(0)} at their end`,
  );
}

export function noteGains(figures: ReadonlyMap<string, Figure>, report: Report): void {
  const unary = figures.get('grpc/unary');
  const batch = figures.get('grpc/batch100');
  const two = figures.get('grpc/unary-2proc');
  if (unary !== undefined && batch !== undefined) {
    report.note(
      `grpc/batch100 makes ${gain(batch.per_second, unary.per_second)} times the decisions of grpc/unary`,
    );
  }
  if (unary !== undefined && two !== undefined) {
    report.note(
      `two processes make ${gain(two.per_second, unary.per_second)} times the decisions of one, two echo servers ${gain(two.baseline_per_second, unary.baseline_per_second)} times the replies`,
    );
  }
}

export function noteSpool(
  { figure: { name }, quarterBytes, endBytes, backlog, kept }: Sustained,
  report: Report,
): void {
  report.note(
    `${name}: the spool held ${mib(quarterBytes)} MiB after a quarter of the time and ${mib(endBytes)} MiB at the end, ${backlog} decisions were not in PostgreSQL`,
  );
  if (!kept) throw new Error(`${name}: the spool grew, so this rate cannot be kept up`);
}

function gain(more: number | undefined, less: number | undefined): string {
  return more === undefined || less === undefined ? 'unknown' : (more / less).toFixed(2);
}

export function mib(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(1);
}
