import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readTlsMaterial, type TlsConfig } from '../../../services/pdp/tls/material.ts';
import { type Issued, issue, writeIssued } from '../../support/x509.ts';

const folder = mkdtempSync(join(tmpdir(), 'palisade-material-'));
afterAll(() => rmSync(folder, { recursive: true }));
const text = join(folder, 'text.pem');
writeFileSync(text, 'no certificate', { mode: 0o600 });

const read = ({ cert, key }: Partial<Issued>, ca?: string) =>
  readTlsMaterial({
    PALISADE_TLS_CERT_FILE: cert,
    PALISADE_TLS_KEY_FILE: key,
    PALISADE_TLS_CLIENT_CA_FILE: ca,
    PALISADE_TLS_CLIENT: ca === undefined ? 'off' : 'required',
  } as TlsConfig);

test('there is none where none is configured', async () => {
  expect(await read({})).toBeUndefined();
});

test('each file that cannot be read is named', async () => {
  const problems = [
    expect.stringMatching(/^PALISADE_TLS_CERT_FILE cannot be read: ENOENT/),
    expect.stringMatching(/^PALISADE_TLS_KEY_FILE cannot be read: EISDIR/),
    expect.stringMatching(/^PALISADE_TLS_CLIENT_CA_FILE cannot be read: ENOENT/),
  ];
  const missing = join(folder, 'none');

  await expect(read({ cert: missing, key: folder }, missing)).rejects.toMatchObject({ problems });
});

test('what is no certificate and its key is refused', async () => {
  await expect(read({ cert: text, key: text })).rejects.toThrow(/are no certificate and its key/);
});

test('a key that others may read is refused, with the remedy', async () => {
  const files = await writeIssued(folder, 'open', issue());
  for (const mode of [0o640, 0o604, 0o620]) {
    await chmod(files.key, mode);
    await expect(read(files)).rejects.toThrow(`open.key is open to group or others: chmod 600 ${files.key}`);
  }

  await chmod(files.key, 0o600);
  expect(await read(files)).toMatchObject({ validTo: expect.any(Number) });
});

test('authorities are certificates that may sign, all of them', async () => {
  const files = await writeIssued(folder, 'server', issue());
  const authority = issue({ authority: true });
  const leaf = issue({}, authority);
  const path = join(folder, 'authorities.pem');

  await expect(read(files, text)).rejects.toThrow(/does not hold certificates of authorities: there is none/);
  for (const [pem, why] of [
    [leaf.cert, 'one of them is of no authority'],
    [`${authority.cert}${leaf.cert}`, 'one of them is of no authority'],
    [authority.cert.replace(/\n.{8}/, '\nAAAAAAAA'), 'does not hold certificates of authorities'],
  ] as const) {
    await writeFile(path, pem);
    await expect(read(files, path)).rejects.toThrow(why);
  }

  await writeFile(path, `from the team of the mesh\n${authority.cert}${issue({ authority: true }).cert}`);
  expect((await read(files, path))?.clientCa?.length).toBeGreaterThan(authority.cert.length);
});
