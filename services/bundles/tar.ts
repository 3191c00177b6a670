import { PdpError } from '../engine/error.ts';

/**
 * The part of POSIX ustar (IEEE 1003.1, pax) that a bundle needs: regular files with short names, without owner or time.
 * Everything else is refused: links and devices, but also folders, pax and GNU headers, since what two readers may read
 * differently has no place in something that is signed and compared.
 */
const BLOCK = 512;
const MAGIC = 'ustar\u{0}00';
const FIELDS = {
  name: [0, 100],
  mode: [100, 108],
  uid: [108, 116],
  gid: [116, 124],
  size: [124, 136],
  mtime: [136, 148],
  checksum: [148, 156],
  type: [156, 157],
  link: [157, 257],
  magic: [257, 265],
  prefix: [345, 500],
} as const;

type Field = keyof typeof FIELDS;

/** Writes the files in the order given: mode 0644, owner 0, time 0, so that the same files are the same bytes. */
export function writeTar(files: Iterable<readonly [string, Uint8Array]>): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (const [path, content] of files) {
    blocks.push(headerOf(path, content.length), content, new Uint8Array(padding(content.length)));
  }
  blocks.push(new Uint8Array(2 * BLOCK));

  return Buffer.concat(blocks);
}

/**
 * Reads the files of an archive, in its order; repeated names come out as often as they stand there.
 * @throws PdpError `invalid_request` for anything that {@link writeTar} would not have written, but for mode, owner and time.
 */
export function* readTar(tar: Uint8Array): Generator<readonly [path: string, content: Uint8Array]> {
  const bytes = Buffer.from(tar.buffer, tar.byteOffset, tar.byteLength);
  let at = 0;

  while (!isZero(bytes, at, at + BLOCK)) {
    const header = bytes.subarray(at, at + BLOCK);
    if (header.length < BLOCK) throw refused('the archive ends in a header');

    const { path, size } = readHeader(header);
    const start = at + BLOCK;
    const end = start + size;
    if (end + padding(size) > bytes.length) throw refused(`the archive ends in ${JSON.stringify(path)}`);
    if (!isZero(bytes, end, end + padding(size))) throw refused('there are bytes between two files');

    yield [path, bytes.subarray(start, end)];
    at = end + padding(size);
  }

  if (bytes.length - at < 2 * BLOCK) throw refused('the archive is cut off');
  if (!isZero(bytes, at, bytes.length)) throw refused('there are bytes behind the end of the archive');
}

function headerOf(path: string, size: number): Uint8Array {
  const header = Buffer.alloc(BLOCK);
  const put = (field: Field, text: string): void => {
    header.write(text, FIELDS[field][0], 'latin1');
  };

  put('name', path);
  put('mode', '0000644');
  put('uid', '0000000');
  put('gid', '0000000');
  put('size', octal(size, 11));
  put('mtime', octal(0, 11));
  put('type', '0');
  put('magic', MAGIC);
  put('checksum', `${octal(checksumOf(header), 6)}\u{0} `);

  return header;
}

function readHeader(header: Buffer): { readonly path: string; readonly size: number } {
  const checksum = textOf(header, 'checksum');
  if (!isNumber(checksum, 6) || Number.parseInt(checksum, 8) !== checksumOf(header)) {
    throw refused('a header is damaged');
  }
  if (textOf(header, 'magic') !== MAGIC) throw refused('the archive is not in ustar format');

  const path = nameOf(header);
  const type = textOf(header, 'type');
  if (type !== '0' && type !== '\u{0}') {
    throw refused(`${JSON.stringify(path)} is not a regular file (tar type ${JSON.stringify(type)})`);
  }
  if (!isZero(header, ...FIELDS.link) || !isZero(header, ...FIELDS.prefix)) {
    throw refused(`${JSON.stringify(path)} has a link name or a prefix`);
  }

  const size = textOf(header, 'size');
  if (!isNumber(size, 11)) throw refused(`${JSON.stringify(path)} has no plain size`);

  return { path, size: Number.parseInt(size, 8) };
}

function nameOf(header: Buffer): string {
  const [name, ...rest] = textOf(header, 'name').split('\u{0}');
  if (name === undefined || name === '' || rest.some((part) => part !== ''))
    throw refused('a file has no plain name');

  return name;
}

function textOf(header: Buffer, field: Field): string {
  const [start, end] = FIELDS[field];

  return header.toString('latin1', start, end);
}

/** Octal digits, and then what ends a number: NUL or space, as each tar has it. */
function isNumber(text: string, digits: number): boolean {
  return (
    /^[0-7]+$/.test(text.slice(0, digits)) && [...text.slice(digits)].every((end) => '\u{0} '.includes(end))
  );
}

/** The sum of the header's bytes, with spaces in the place of the checksum. */
function checksumOf(header: Uint8Array): number {
  const [start, end] = FIELDS.checksum;
  let sum = 0x20 * (end - start);
  for (const [index, byte] of header.entries()) if (index < start || index >= end) sum += byte;

  return sum;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  return bytes.subarray(start, end).every((byte) => byte === 0);
}

function refused(message: string): PdpError {
  return new PdpError('invalid_request', `${message}; archives are made by \`palisade bundle build\``, {
    field: 'bundle',
  });
}
