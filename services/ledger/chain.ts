import { hash } from 'node:crypto';

/** Whose chain it is: one start of one serving process. */
export interface ChainOwner {
  readonly process_id: string;
  readonly boot_id: string;
}

/** Where the next record of a chain goes. */
export interface ChainPosition {
  readonly seq: number;
  /** SHA-256 of the previous record's text, 64 lower-case hex digits. */
  readonly prevHash: string;
}

/** SHA-256 of a record's text exactly as it is written, 64 lower-case hex digits. */
export function recordHash(text: string): string {
  return hash('sha256', text);
}

/** The position of a chain's first record; it names its owner, so that one chain's head does not fit another. */
export function genesis(owner: ChainOwner): ChainPosition {
  return {
    seq: 0,
    prevHash: recordHash(`palisade decision chain v1\n${owner.process_id}\n${owner.boot_id}`),
  };
}

/** Puts a record at a position: its whole text, and the position after it. */
export function linkRecord(
  head: string,
  owner: ChainOwner,
  at: ChainPosition,
): { readonly text: string; readonly next: ChainPosition } {
  const text =
    `${head},"process":{"process_id":"${owner.process_id}","boot_id":"${owner.boot_id}"` +
    `,"seq":${at.seq},"prev_hash":"${at.prevHash}"}}`;
  return { text, next: { seq: at.seq + 1, prevHash: recordHash(text) } };
}
