import { type ChainOwner, type ChainPosition, genesis, linkedText, positionAfter } from '../chain.ts';
import type { SpoolFile, SpoolFiles } from './files.ts';
import { lineBound, writeLine } from './line.ts';
import { headerLine, type PreviousSegment, type SegmentExtent, segmentPath } from './segment.ts';

/** A record before its place in the chain is known. */
export interface UnlinkedRecord {
  /** The record's text without its closing member `process`. */
  readonly head: string;
  readonly input: string | null;
}

export interface SegmentLogOptions {
  readonly folder: string;
  readonly owner: ChainOwner;
  readonly files: SpoolFiles;
  /** Whether a group is on the disk, or only with the kernel, when `commit` resolves. */
  readonly sync: boolean;
  readonly segmentBytes: number;
}

/** A segment of a chain that is being written. */
export interface LogExtent extends SegmentExtent {
  /** The chain's position after the last record that counts. */
  readonly endSeq: number;
}

/** The files of one chain: appended to in groups, each group as a whole or not at all. One `commit` at a time. */
export interface SegmentLog {
  /**
   * Links the records, writes them with one write and, if so configured, one fdatasync.
   * @throws if any of it fails; the segment is then sealed, the chain stands where it stood, and the next call opens another segment.
   */
  commit(records: readonly UnlinkedRecord[]): Promise<void>;
  /** What counts of each segment, oldest first. */
  extents(): readonly LogExtent[];
  /** Whether a segment gets no more records. */
  finished(segment: number): boolean;
  /** Forgets a segment that was removed. */
  forget(segment: number): void;
  /** Records committed so far. */
  committed(): number;
  /** Bytes written so far, removed segments included. */
  written(): number;
  /** Segments that a failure closed. */
  sealed(): number;
  close(): Promise<void>;
}

const KEPT_BUFFER_BYTES = 1024 * 1024;
/** For what a record's place in the chain adds to its head. */
const PLACE_UNITS = 512;

interface OpenSegment extends PreviousSegment {
  readonly file: SpoolFile;
}

export function createSegmentLog({
  folder,
  owner,
  files,
  sync,
  segmentBytes,
}: SegmentLogOptions): SegmentLog {
  let position = genesis(owner);
  let current: OpenSegment | undefined;
  let previous: PreviousSegment | null = null;
  let lastSegment = 0;
  let written = 0;
  let sealed = 0;
  let extents: LogExtent[] = [];
  let kept: Buffer | undefined;

  return {
    async commit(records) {
      if (current !== undefined && current.bytes >= segmentBytes) await finish(current);
      current ??= await openSegment();

      const { bytes, next } = layOut(records, position);
      await append(current, bytes, next);
    },

    extents: () => extents,
    finished: (segment) => segment !== current?.segment,
    forget(segment) {
      extents = extents.filter((extent) => extent.segment !== segment);
    },
    committed: () => position.seq,
    written: () => written,
    sealed: () => sealed,

    async close() {
      if (current !== undefined) await finish(current);
    },
  };

  /** Each record is put into bytes once, and hashed and checked there. */
  function layOut(
    records: readonly UnlinkedRecord[],
    from: ChainPosition,
  ): { readonly bytes: Buffer; readonly next: ChainPosition } {
    const buffer = bufferOf(records.reduce((sum, { head, input }) => sum + boundOf(head, input), 0));
    let position = from;
    let end = 0;
    for (const { head, input } of records) {
      const start = end;
      const line = writeLine(buffer, start, linkedText(head, owner, position), input);
      position = positionAfter(position, buffer.subarray(start, line.textEnd));
      end = line.end;
    }

    return { bytes: buffer.subarray(0, end), next: position };
  }

  /** One buffer serves all groups of usual size, since they are written one after the other. */
  function bufferOf(bytes: number): Buffer {
    if (bytes > KEPT_BUFFER_BYTES) return Buffer.allocUnsafeSlow(bytes);
    kept ??= Buffer.allocUnsafeSlow(KEPT_BUFFER_BYTES);

    return kept;
  }

  async function openSegment(): Promise<OpenSegment> {
    lastSegment += 1;
    const segment = lastSegment;
    const file = await files.create(segmentPath(folder, segment));

    const header = Buffer.from(headerLine(owner, segment, position, previous));
    const opened = { segment, bytes: header.length, file };
    try {
      await file.write(header, 0);
      await file.sync();
      await files.syncFolder(folder);
    } catch (error) {
      await seal(opened);
      throw error;
    }

    written += header.length;
    return opened;
  }

  async function append(open: OpenSegment, bytes: Buffer, next: ChainPosition): Promise<void> {
    try {
      await open.file.write(bytes, open.bytes);
      if (sync) await open.file.sync();
      // Whoever took this folder over reads it after moving it, so records acknowledged here lie where they are looked for.
      if (!open.file.inPlace()) throw new Error('the spool folder was moved, removed or taken over');
    } catch (error) {
      await seal(open);
      throw error;
    }

    current = count(open, bytes.length, next);
  }

  function count(open: OpenSegment, added: number, next: ChainPosition): OpenSegment {
    const { segment } = open;
    const bytes = open.bytes + added;
    const others = extents.filter((extent) => extent.segment !== segment);
    position = next;
    extents = [...others, { segment, path: segmentPath(folder, segment), bytes, endSeq: next.seq }];
    previous = { segment, bytes };
    written += added;
    return { ...open, bytes };
  }

  async function finish(open: OpenSegment): Promise<void> {
    current = undefined;
    await open.file.close();
  }

  /**
   * Never written again. A segment without records goes, so that a disk that keeps failing is not filled with them; the
   * remainder of another is cut off as a kindness only: the next header says what counts.
   */
  async function seal(open: OpenSegment): Promise<void> {
    current = undefined;
    sealed += 1;
    if (previous?.segment !== open.segment) return open.file.discard().catch(() => undefined);

    await open.file.truncate(open.bytes).catch(() => undefined);
    await open.file.close().catch(() => undefined);
  }
}

function boundOf(head: string, input: string | null): number {
  return lineBound(head, input) + PLACE_UNITS;
}
