import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ChainOwner, ChainPosition } from '../chain.ts';
import { decodeLine, encodeLine, type SpoolRecord } from './line.ts';

/** Version of the segment's form. */
const SEGMENT_FORMAT = 1;

/** How much of a segment counts: bytes beyond were never acknowledged. */
export interface SegmentExtent {
  readonly segment: number;
  readonly path: string;
  readonly bytes: number;
}

/** The last segment before one that holds acknowledged records, and how many of its bytes count. */
export interface PreviousSegment {
  readonly segment: number;
  readonly bytes: number;
}

const segmentHeader = z.strictObject({
  type: z.literal('segment'),
  format: z.literal(SEGMENT_FORMAT),
  process_id: z.string(),
  boot_id: z.string(),
  segment: z.int(),
  first_seq: z.int(),
  prev_hash: z.string(),
  previous: z.strictObject({ segment: z.int(), bytes: z.int() }).nullable(),
});

const SEGMENT_NAME = /^(\d{10})\.spool$/;

export function segmentPath(folder: string, segment: number): string {
  return join(folder, `${segment.toString().padStart(10, '0')}.spool`);
}

/**
 * The first line of a segment. It settles what counts of all before it: of `previous` so many bytes,
 * of segments numbered between the two nothing.
 */
export function headerLine(
  owner: ChainOwner,
  segment: number,
  at: ChainPosition,
  previous: PreviousSegment | null,
): string {
  const header: z.infer<typeof segmentHeader> = {
    type: 'segment',
    format: SEGMENT_FORMAT,
    process_id: owner.process_id,
    boot_id: owner.boot_id,
    segment,
    first_seq: at.seq,
    prev_hash: at.prevHash,
    previous,
  };
  return encodeLine(JSON.stringify(header), null);
}

/** The segments that a process left behind, oldest first, and how much of each counts. */
export async function leftExtents(folder: string): Promise<SegmentExtent[]> {
  const extents: { segment: number; path: string; bytes: number }[] = [];

  for (const name of (await readdir(folder)).sort()) {
    const digits = SEGMENT_NAME.exec(name)?.[1];
    if (digits === undefined) continue;

    const path = join(folder, name);
    const { bytes, previous } = await inspect(path);
    if (previous !== undefined) {
      for (const earlier of extents) earlier.bytes = countedBytes(earlier, previous);
    }
    extents.push({ segment: Number(digits), path, bytes });
  }

  return extents;
}

export interface SpoolBatch {
  readonly lines: readonly SpoolLine[];
  /** Offset after the last line that was read. */
  readonly end: number;
  /** Bytes of an unfinished line at the extent's end; they belong to no acknowledged record. */
  readonly tornBytes: number;
}

/** A line of a segment: a record, or bytes whose checksum does not fit. */
export type SpoolLine =
  | { readonly kind: 'record'; readonly record: SpoolRecord }
  | { readonly kind: 'damaged'; readonly bytes: Buffer };

/** More than a hundred lines of usual size: memory beyond that would be taken, filled and thrown away with each batch. */
const CHUNK_BYTES = 512 * 1024;
const LINE_FEED = 0x0a;

/**
 * Reads whole lines from an offset on, up to `maxLines` and about 512 KiB, never past the extent; a longer line is read alone.
 * The header line is skipped. At the extent's end it returns no lines.
 */
export async function readBatch(extent: SegmentExtent, from: number, maxLines: number): Promise<SpoolBatch> {
  const file = await open(extent.path, 'r');
  try {
    for (let size = CHUNK_BYTES; ; size *= 2) {
      const wanted = Math.min(size, extent.bytes - from);
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted, from);
      const batch = splitLines(buffer.subarray(0, bytesRead), from, maxLines);
      if (batch.end > from) return batch;

      // Nothing but the beginning of a line: either it is longer than the chunk, or it is torn.
      if (bytesRead < size) return { ...batch, tornBytes: bytesRead };
    }
  } finally {
    await file.close();
  }
}

function splitLines(chunk: Buffer, from: number, maxLines: number): SpoolBatch {
  const lines: SpoolLine[] = [];
  let start = 0;

  while (lines.length < maxLines) {
    const feed = chunk.indexOf(LINE_FEED, start);
    if (feed === -1) break;

    const bytes = chunk.subarray(start, feed);
    const isHeader = from + start === 0;
    start = feed + 1;
    if (!isHeader) lines.push(readLine(bytes));
  }

  return { lines, end: from + start, tornBytes: 0 };
}

function readLine(bytes: Buffer): SpoolLine {
  const record = decodeLine(bytes);
  return record === undefined ? { kind: 'damaged', bytes } : { kind: 'record', record };
}

interface LeftSegment {
  readonly bytes: number;
  /** What the header says of the segments before; `undefined` if no header is whole: then nothing here was acknowledged. */
  readonly previous: PreviousSegment | null | undefined;
}

const HEADER_BYTES = 4_096;

async function inspect(path: string): Promise<LeftSegment> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
    const end = buffer.subarray(0, bytesRead).indexOf(LINE_FEED);
    const line = end === -1 ? undefined : decodeLine(buffer.subarray(0, end));
    return {
      bytes: size,
      previous: line === undefined ? undefined : segmentHeader.parse(JSON.parse(line.text)).previous,
    };
  } finally {
    await file.close();
  }
}

function countedBytes(earlier: SegmentExtent, previous: PreviousSegment | null): number {
  if (previous === null || earlier.segment > previous.segment) return 0;

  return earlier.segment === previous.segment ? Math.min(earlier.bytes, previous.bytes) : earlier.bytes;
}
