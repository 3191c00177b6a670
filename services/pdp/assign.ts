import { createHmac } from 'node:crypto';
import type { AuthorizeCall } from './types.ts';

/** What assigns a run to one of two bundles. */
export interface Assignment {
  /** The store's secret, 32 bytes; whoever has it can tell beforehand which arm a run gets. */
  readonly key: Uint8Array;
  /** Of the candidate: another candidate gets other runs first. */
  readonly digest: string;
  /** From 1 to 100. */
  readonly percent: number;
}

/** 48 bits: as many as a double holds and more than any share needs. */
const BYTES = 6;
const ALL = 2 ** (8 * BYTES);

/**
 * Whether a unit gets the candidate. The same unit always has the same place, so it stays where it is while the percentage does, and
 * a higher percentage only adds units.
 */
export function isInCanary({ key, digest, percent }: Assignment, unit: string): boolean {
  const place = createHmac('sha256', key).update(`${digest}\0${unit}`).digest().readUIntBE(0, BYTES);

  return place < (ALL / 100) * percent;
}

/**
 * What is kept together: all calls of one run or, without one, of one principal. A run's id is the caller's own word, so a caller may try
 * ids until one gets the bundle that it wants; by the principal it cannot, where its credential names the principals.
 */
export function unitOf(
  { run, principal }: Pick<AuthorizeCall, 'run' | 'principal'>,
  by: 'run' | 'principal',
): string {
  const runId = run?.run_id ?? '';

  return by === 'run' && runId !== ''
    ? JSON.stringify(['run', runId])
    : JSON.stringify(['principal', principal.type, principal.id]);
}
