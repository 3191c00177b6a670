import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { PdpError } from '../engine/error.ts';
import { exceedsLimit, LIMITS } from '../engine/limits.ts';
import { type BundleFiles, isBundlePath } from './files.ts';
import { compareText } from './problem.ts';
import { readTar, writeTar } from './tar.ts';

/** gzip (RFC 1952): deflate, no flags, no time, best compression, unknown system. */
const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 0xff);
const GZIP_TRAILER = 8;
/** A header and at most one block of padding for each file, and the end of the archive. */
const MAX_TAR_BYTES = LIMITS.bundle_bytes + (LIMITS.bundle_files + 1) * 1024;

/** Packs a bundle into a `.palisade.tgz`: the same files, by the same zlib, are the same bytes. */
export function writeArchive(files: BundleFiles): Uint8Array {
  const sorted = [...files].sort(([a], [b]) => compareText(a, b));
  const tar = writeTar(sorted);
  const trailer = Buffer.alloc(GZIP_TRAILER);
  trailer.writeUInt32LE(crc32(tar), 0);
  trailer.writeUInt32LE(tar.length, 4);

  return Buffer.concat([GZIP_HEADER, deflateRawSync(tar, { level: 9 }), trailer]);
}

/**
 * Unpacks an archive from anyone. Expansion stops at the published limit; every path is one that a bundle can have, once.
 * @throws PdpError `too_large` over `bundle_bytes` or `bundle_files`, `invalid_request` for everything else that is wrong.
 */
export function readArchive(archive: Uint8Array): BundleFiles {
  if (archive.length > LIMITS.bundle_bytes) throw exceedsLimit('bundle_bytes', 'bundle');

  const files = new Map<string, Uint8Array>();
  let bytes = 0;
  for (const [path, content] of readTar(gunzip(archive))) {
    if (!isBundlePath(path))
      throw refused(`${JSON.stringify(path.slice(0, 200))} does not belong into a bundle`);
    if (files.has(path)) throw refused(`${path} stands in the archive twice`);
    if (files.size === LIMITS.bundle_files) throw exceedsLimit('bundle_files', 'bundle');

    bytes += content.length;
    if (bytes > LIMITS.bundle_bytes) throw exceedsLimit('bundle_bytes', 'bundle');
    files.set(path, content);
  }

  return files;
}

/** One member, nothing in front, between or behind: `gunzip` of zlib would join members and drop what follows them. */
function gunzip(archive: Uint8Array): Uint8Array {
  const header = archive.subarray(0, GZIP_HEADER.length);
  const isPlain =
    header.length === GZIP_HEADER.length &&
    header.subarray(0, 4).every((byte, at) => byte === GZIP_HEADER[at]);
  if (!isPlain) throw refused('this is not a plain gzip file');

  const { buffer, engine } = inflate(archive.subarray(GZIP_HEADER.length));
  const end = GZIP_HEADER.length + engine.bytesWritten;
  if (archive.length < end + GZIP_TRAILER) throw refused('the archive is cut off');
  if (archive.length > end + GZIP_TRAILER) throw refused('there are bytes behind the archive');

  const trailer = new DataView(archive.buffer, archive.byteOffset + end, GZIP_TRAILER);
  if (trailer.getUint32(0, true) !== crc32(buffer) || trailer.getUint32(4, true) !== buffer.length) {
    throw refused('the archive is damaged');
  }

  return buffer;
}

interface Inflated {
  readonly buffer: Uint8Array;
  /** `bytesWritten` into zlib: how much of the input the stream took. */
  readonly engine: { readonly bytesWritten: number };
}

function inflate(deflated: Uint8Array): Inflated {
  try {
    // With `info`, zlib gives both (Node.js zlib documentation, "Class: Options"); its types do not know.
    return inflateRawSync(deflated, { info: true, maxOutputLength: MAX_TAR_BYTES }) as unknown as Inflated;
  } catch (cause) {
    if (cause instanceof RangeError) throw exceedsLimit('bundle_bytes', 'bundle');
    throw new PdpError('invalid_request', 'the archive is not complete or not gzip', {
      field: 'bundle',
      cause,
    });
  }
}

function refused(message: string): PdpError {
  return new PdpError('invalid_request', message, { field: 'bundle' });
}
