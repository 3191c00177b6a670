import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { deflateRawSync, gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { type Header, pack } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { readArchive, writeArchive } from '../../services/bundles/archive.ts';
import { bundleDigest } from '../../services/bundles/digest.ts';
import { PdpError } from '../../services/engine/error.ts';
import { LIMITS } from '../../services/engine/limits.ts';
import { filesOf } from './files-of.ts';

type Entry = readonly [Partial<Header> & { name: string }, string | Uint8Array];

const MANIFEST: Entry = [{ name: 'bundle.yaml' }, 'name: x\n'];

/** An archive as another program would write it. */
async function archiveOf(entries: readonly Entry[]): Promise<Buffer> {
  return gzipSync(await tarOf(entries));
}

async function tarOf(entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack();
  for (const [header, content] of entries) tar.entry(header, Buffer.from(content));
  tar.finalize();

  return buffer(tar);
}

function refusalOf(archive: Uint8Array): PdpError {
  try {
    readArchive(archive);
  } catch (error) {
    if (error instanceof PdpError) return error;
    throw error;
  }
  throw new Error('the archive was read');
}

function patched(tar: Buffer, change: (header: Buffer) => void): Buffer {
  const copy = Buffer.from(tar);
  const header = copy.subarray(0, 512);
  change(header);
  header.fill(' ', 148, 156);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\u{0} `,
    148,
    'latin1',
  );

  return gzipSync(copy);
}

const valid = Buffer.from(writeArchive(filesOf()));

describe('readArchive refuses', () => {
  const entries: readonly (readonly [what: string, message: RegExp, entry: Entry])[] = [
    [
      'a symbolic link',
      /not a regular file/,
      [{ name: 'links.json', type: 'symlink', linkname: '/etc/passwd' }, ''],
    ],
    [
      'a hard link',
      /not a regular file/,
      [{ name: 'links.json', type: 'link', linkname: 'bundle.yaml' }, ''],
    ],
    [
      'a character device',
      /not a regular file/,
      [{ name: 'a.cedar', type: 'character-device', devmajor: 1, devminor: 5 }, ''],
    ],
    ['a block device', /not a regular file/, [{ name: 'a.cedar', type: 'block-device' }, '']],
    ['a pipe', /not a regular file/, [{ name: 'a.cedar', type: 'fifo' }, '']],
    ['a folder', /not a regular file/, [{ name: 'tests', type: 'directory' }, '']],
    ['an absolute path', /does not belong/, [{ name: '/a.cedar' }, 'x']],
    ['a path that leads out', /does not belong/, [{ name: '../a.cedar' }, 'x']],
    ['a path that leads out of tests', /does not belong/, [{ name: 'tests/../a.cedar' }, 'x']],
    ['a path with a dot in front', /does not belong/, [{ name: './a.cedar' }, 'x']],
    ['a path with two slashes', /does not belong/, [{ name: 'tests//a.json' }, 'x']],
    ['a backslash', /does not belong/, [{ name: 'tests\\a.json' }, 'x']],
    ['a repeated path', /twice/, [{ name: 'bundle.yaml' }, 'x']],
    ['a path that differs in case alone', /does not belong/, [{ name: 'Bundle.yaml' }, 'x']],
    ['a path that is not ASCII', /not a regular file/, [{ name: 'é.cedar' }, 'x']],
    ['a hidden file', /does not belong/, [{ name: '.git.cedar' }, 'x']],
    ['a policy in a folder', /does not belong/, [{ name: 'sub/a.cedar' }, 'x']],
    ['a test in a folder of tests', /does not belong/, [{ name: 'tests/sub/a.json' }, 'x']],
    ['a file that is no part of a bundle', /does not belong/, [{ name: 'run.sh' }, 'x']],
    ['a README, which no one should deploy', /does not belong/, [{ name: 'README.md' }, 'x']],
    [
      'a pax header that renames a file',
      /not a regular file/,
      [{ name: 'a.cedar', pax: { path: '../../etc/passwd' } }, 'x'],
    ],
    [
      'a pax header that is harmless',
      /not a regular file/,
      [{ name: 'a.cedar', pax: { comment: 'x' } }, 'x'],
    ],
    ['a path over 100 characters', /not a regular file/, [{ name: `tests/${'a'.repeat(120)}.json` }, 'x']],
    [
      'a path over 100 characters that fits a prefix',
      /prefix/,
      [{ name: `tests/${'a'.repeat(93)}.json` }, 'x'],
    ],
  ];

  test.each(entries)('%s', async (_what, message, entry) => {
    const { code, message: actual } = refusalOf(await archiveOf([MANIFEST, entry]));

    expect(code).toBe('invalid_request');
    expect(actual).toMatch(message);
  });

  const bytes: readonly (readonly [
    what: string,
    message: RegExp,
    make: () => Promise<Uint8Array> | Uint8Array,
  ])[] = [
    ['nothing', /plain gzip/, () => new Uint8Array()],
    ['text', /plain gzip/, () => Buffer.from('name: x\n')],
    ['a tar without gzip', /plain gzip/, () => tarOf([MANIFEST])],
    ['gzip of something else', /ends in a header|cut off/, () => gzipSync('hello')],
    ['gzip that is cut off', /cut off|not complete/, () => valid.subarray(0, -9)],
    ['gzip without its last byte', /cut off/, () => valid.subarray(0, -1)],
    ['a wrong checksum', /damaged/, () => flipped(valid, valid.length - 8)],
    ['a wrong length', /damaged/, () => flipped(valid, valid.length - 1)],
    ['a second gzip member', /behind the archive/, () => Buffer.concat([valid, valid])],
    ['bytes behind the gzip', /behind the archive/, () => Buffer.concat([valid, Buffer.from([0])])],
    ['a gzip header with a file name', /plain gzip/, () => Buffer.concat([named(valid), valid.subarray(10)])],
    [
      'a tar that is cut off in a file',
      /ends in/,
      async () => gzipSync((await tarOf([MANIFEST])).subarray(0, 515)),
    ],
    [
      'a tar that is cut off in a header',
      /ends in a header/,
      async () => gzipSync((await tarOf([MANIFEST])).subarray(0, 100)),
    ],
    ['a tar without its end', /cut off/, async () => gzipSync((await tarOf([MANIFEST])).subarray(0, 1024))],
    [
      'bytes behind the end of the tar',
      /behind the end/,
      async () => gzipSync(Buffer.concat([await tarOf([MANIFEST]), Buffer.from('x')])),
    ],
    [
      'a file behind the end of the tar',
      /behind the end/,
      async () => gzipSync(Buffer.concat([await tarOf([]), await tarOf([MANIFEST])])),
    ],
    [
      'bytes between two files',
      /between two files/,
      async () => gzipSync(flipped(await tarOf([MANIFEST]), 512 + 100)),
    ],
    ['a damaged header', /header is damaged/, async () => gzipSync(flipped(await tarOf([MANIFEST]), 3))],
    [
      'bytes behind the name',
      /plain name/,
      async () => patched(await tarOf([MANIFEST]), (header) => header.write('x', 50)),
    ],
    [
      'a prefix',
      /prefix/,
      async () => patched(await tarOf([MANIFEST]), (header) => header.write('tests', 345)),
    ],
    [
      'a name that is not ASCII',
      /does not belong/,
      async () => patched(await tarOf([MANIFEST]), (header) => header.write('é.cedar', 'latin1')),
    ],
    [
      'a link name',
      /link name/,
      async () => patched(await tarOf([MANIFEST]), (header) => header.write('x', 157)),
    ],
    [
      'GNU format',
      /ustar/,
      async () => patched(await tarOf([MANIFEST]), (header) => header.write('ustar  \u{0}', 257)),
    ],
    [
      'a size in base 256',
      /plain size/,
      async () => patched(await tarOf([MANIFEST]), (header) => header.writeUInt8(0x80, 124)),
    ],
    [
      'a negative size',
      /plain size/,
      async () => patched(await tarOf([MANIFEST]), (header) => header.write('-0000000001', 124)),
    ],
    [
      'a size of 8 GiB',
      /ends in/,
      async () => patched(await tarOf([MANIFEST]), (header) => header.write('77777777777', 124)),
    ],
  ];

  test.each(bytes)('%s', async (_what, message, make) => {
    const { code, message: actual } = refusalOf(await make());

    expect(code).toBe('invalid_request');
    expect(actual).toMatch(message);
  });

  test('an archive over the limit, before it looks inside', () => {
    expect(refusalOf(new Uint8Array(LIMITS.bundle_bytes + 1))).toMatchObject({
      code: 'too_large',
      limit: { name: 'bundle_bytes' },
    });
  });

  test('a small archive that expands over the limit', () => {
    const bomb = gzipSync(Buffer.alloc(4 * LIMITS.bundle_bytes));

    expect(bomb.length).toBeLessThan(LIMITS.bundle_bytes / 100);
    expect(refusalOf(bomb)).toMatchObject({ code: 'too_large', limit: { name: 'bundle_bytes' } });
  });

  test('files that are over the limit together', async () => {
    const half = Buffer.alloc(LIMITS.bundle_bytes / 2 + 1);
    const archive = await archiveOf([
      [{ name: 'a.cedar' }, half],
      [{ name: 'b.cedar' }, half],
    ]);

    expect(refusalOf(archive)).toMatchObject({ code: 'too_large', limit: { name: 'bundle_bytes' } });
  });

  test('more files than the limit', async () => {
    const entries = Array.from(
      { length: LIMITS.bundle_files + 1 },
      (_, at): Entry => [{ name: `p${at}.cedar` }, ''],
    );

    expect(refusalOf(await archiveOf(entries))).toMatchObject({
      code: 'too_large',
      limit: { name: 'bundle_files' },
    });
  });
});

test('readArchive reads what another program writes, if it is plain', async () => {
  const files = readArchive(await archiveOf([MANIFEST, [{ name: 'tests/a.json' }, '[]']]));

  expect([...files.keys()]).toEqual(['bundle.yaml', 'tests/a.json']);
});

describe('writeArchive', () => {
  test('writes the same bytes whatever the order of the files', () => {
    const files = filesOf();

    expect(Buffer.from(writeArchive(new Map([...files].reverse())))).toEqual(valid);
  });

  test('writes no time, owner or system into the archive', () => {
    expect([...valid.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 0xff]);
  });

  test('writes, but for the compression, bytes that no platform and no version changes', () => {
    const files = new Map([
      ['bundle.yaml', Buffer.from('name: x\n')],
      ['a.cedar', Buffer.from('// a\n')],
    ]);
    const tar = gunzipSync(writeArchive(files));

    expect(createHash('sha256').update(tar).digest('hex')).toBe(
      'cad71403e568b0c9bbe7ef7fb0bb6460d6f0ed743c768bca9e3957305f52f892',
    );
  });

  test('writes what the tar of the system reads', () => {
    const folder = mkdtempSync(join(tmpdir(), 'palisade-'));
    try {
      writeFileSync(join(folder, 'x.palisade.tgz'), valid);
      execFileSync('tar', ['xzf', 'x.palisade.tgz'], { cwd: folder });

      expect(readdirSync(folder).sort()).toContain('schema.cedarschema');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  const path = fc.stringMatching(
    /^(tests\/[a-z0-9_-][a-z0-9._-]{0,20}\.(json|yaml)|[a-z0-9_-][a-z0-9._-]{0,20}\.cedar)$/,
  );

  test('is undone by readArchive', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(path, fc.uint8Array({ maxLength: 2_000 }))), (entries) => {
        const files = new Map(entries);
        const read = readArchive(writeArchive(files));

        expect([...read.keys()]).toEqual([...files.keys()].sort());
        expect(bundleDigest(read)).toBe(bundleDigest(files));
      }),
    );
  });

  test('survives readArchive of anything only as an error of ours', () => {
    const position = fc.nat(valid.length - 1);
    fc.assert(
      fc.property(fc.array(fc.tuple(position, fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
        const copy = Buffer.from(valid);
        for (const [at, byte] of changes) copy[at] = byte;
        try {
          expect(bundleDigest(readArchive(copy))).toBe(bundleDigest(filesOf()));
        } catch (error) {
          if (!(error instanceof PdpError)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });

  test('survives any tar inside the gzip only as an error of ours', async () => {
    const tar = await tarOf([MANIFEST, [{ name: 'a.cedar' }, 'x'.repeat(600)]]);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(tar.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (changes) => {
          const copy = Buffer.from(tar);
          for (const [at, byte] of changes) copy[at] = byte;
          try {
            readArchive(gzipSync(copy));
          } catch (error) {
            if (!(error instanceof PdpError)) throw error;
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0xff;

  return copy;
}

function named(archive: Buffer): Buffer {
  const header = Buffer.from(archive.subarray(0, 10));
  header[3] = 8;

  return Buffer.concat([header, Buffer.from('x\u{0}')]);
}

test('the deflate stream alone is no archive', () => {
  expect(refusalOf(deflateRawSync('x')).code).toBe('invalid_request');
});
