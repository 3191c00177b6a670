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

/** SHA-256 of a record's text exactly as it is written, or of its bytes in UTF-8; 64 lower-case hex digits. */
export function recordHash(text: string | Uint8Array): string {
  return hash('sha256', text);
}

/** The position of a chain's first record; it names its owner, so that one chain's head does not fit another. */
export function genesis(owner: ChainOwner): ChainPosition {
  return {
    seq: 0,
    prevHash: recordHash(`palisade decision chain v1\n${owner.process_id}\n${owner.boot_id}`),
  };
}

/** The whole text of a record that stands at a position of its chain. */
export function linkedText(head: string, owner: ChainOwner, at: ChainPosition): string {
  return (
    `${head},"process":{"process_id":"${owner.process_id}","boot_id":"${owner.boot_id}"` +
    `,"seq":${at.seq},"prev_hash":"${at.prevHash}"}}`
  );
}

/** The position after a record. @param record its whole text, or the bytes of it. */
export function positionAfter(at: ChainPosition, record: string | Uint8Array): ChainPosition {
  return { seq: at.seq + 1, prevHash: recordHash(record) };
}
