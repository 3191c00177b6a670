import { appendFile, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { getDecision } from '../../services/ledger/query.ts';
import { identifyThisProcess, type SpoolOwner, writeOwner } from '../../services/ledger/spool/owner.ts';
import { verifyChains } from '../../services/ledger/verify.ts';
import type { Database } from '../../services/store/database.ts';
import { withDatabase } from '../support/postgres.ts';
import { decision } from './support/entries.ts';
import { createFailingFiles } from './support/failing-files.ts';
import { newKeyring, open, record, withFolder } from './support/ledgers.ts';
import { readSpoolRecords, spoolFolders } from './support/spool.ts';

const RECORDS = 25;

interface Left {
  readonly directory: string;
  readonly folder: string;
  readonly ids: readonly string[];
}

/** A spool in which a process left records, owned as `owner` says. */
async function leaveSpool(parent: string, owner: Partial<SpoolOwner>): Promise<Left> {
  const directory = join(parent, 'spool');
  const ledger = await open({ directory, keyring: await newKeyring(parent) });
  const ids = await Promise.all(Array.from({ length: RECORDS }, () => record(ledger, decision())));
  await ledger.close();

  const [folder = ''] = await spoolFolders(directory);
  await writeOwner(folder, {
    ...(await identifyThisProcess()),
    created_at: new Date().toISOString(),
    closed_at: null,
    ...owner,
  });
  return { directory, folder, ids };
}

/** Opens a ledger on the spool, lets it take over what it may, and closes it. */
async function takeOver(left: Left, parent: string, pool: Database, lostHosts: readonly string[] = []) {
  const { readKeyring } = await import('../../services/ledger/keyring.ts');
  const keyring = await readKeyring(join(parent, 'keyring.json'));
  const ledger = await open({ directory: left.directory, keyring, pool, processId: 'successor', lostHosts });
  await ledger.flush(10_000);
  const { adopted } = ledger.stats();
  await ledger.close();
  return adopted;
}

async function countOf(database: Database): Promise<number> {
  const { rows } = await database.query<{ count: string }>('select count(*) from decisions');
  return Number(rows[0]?.count);
}

describe('a spool folder', () => {
  test.each<[string, Partial<SpoolOwner>]>([
    ['was closed by its process', { closed_at: '2026-11-22T10:00:00Z' }],
    ['is of an earlier boot of this host', { boot_id: '00000000-0000-4000-8000-000000000000' }],
    ['is of a process id that nobody has', { pid: 2 ** 22 + 1 }],
    ['is of a process id that another process has now', { process_start_time: '1' }],
  ])('that %s is moved to Postgres and removed', async (_why, owner) => {
    await withDatabase(async ({ serving }) =>
      withFolder(async (parent) => {
        const left = await leaveSpool(parent, owner);
        const adopted = await takeOver(left, parent, serving);

        expect(adopted).toMatchObject({ folders: 0, torn: 0, stranded: [], problem: null });
        expect(await countOf(serving)).toBe(RECORDS);
        expect(await verifyChains(serving, 'all')).toMatchObject({ records: RECORDS, findings: [] });
        expect(await readdir(left.directory)).toEqual([]);
      }),
    );
  });

  test('of a live process is left alone', async () => {
    await withDatabase(async ({ serving }) =>
      withFolder(async (parent) => {
        const left = await leaveSpool(parent, {});

        expect(await takeOver(left, parent, serving)).toMatchObject({ folders: 0, stranded: [] });
        expect(await readSpoolRecords(left.directory)).toHaveLength(RECORDS);
        expect(await countOf(serving)).toBe(0);
      }),
    );
  });

  test('of another host is left alone and reported with the remedy, until that host is declared lost', async () => {
    await withDatabase(async ({ serving }) =>
      withFolder(async (parent) => {
        const left = await leaveSpool(parent, { host: `not-${hostname()}`, pid: 2 ** 22 + 1 });

        const { stranded } = (await takeOver(left, parent, serving)) ?? {};
        expect(stranded).toEqual([
          { folder: left.folder, remedy: expect.stringContaining(`not-${hostname()}`) },
        ]);
        expect(await readSpoolRecords(left.directory)).toHaveLength(RECORDS);

        await takeOver(left, parent, serving, [`not-${hostname()}`]);
        expect(await countOf(serving)).toBe(RECORDS);
      }),
    );
  });

  test('of another process namespace is taken over once it gives no sign of life', async () => {
    await withDatabase(async ({ serving }) =>
      withFolder(async (parent) => {
        const left = await leaveSpool(parent, { pid_namespace: 'pid:[1]', pid: 2 ** 22 + 1 });

        await takeOver(left, parent, serving);
        expect(await countOf(serving)).toBe(0);

        const longAgo = new Date(Date.now() - 61_000);
        await utimes(join(left.folder, 'owner.json'), longAgo, longAgo);
        await takeOver(left, parent, serving);
        expect(await countOf(serving)).toBe(RECORDS);
      }),
    );
  });

  test('without a readable owner is reported and kept', async () => {
    await withDatabase(async ({ serving }) =>
      withFolder(async (parent) => {
        const left = await leaveSpool(parent, {});
        await writeFile(join(left.folder, 'owner.json'), '{');
        await mkdir(join(left.directory, 'just-born'));

        const { stranded } = (await takeOver(left, parent, serving)) ?? {};
        expect(stranded).toEqual([{ folder: left.folder, remedy: expect.stringContaining('owner.json') }]);
        expect(await readSpoolRecords(left.directory)).toHaveLength(RECORDS);
      }),
    );
  });

  test('that several processes try to take over is moved once', async () => {
    await withDatabase(async ({ serving }) =>
      withFolder(async (parent) => {
        const left = await leaveSpool(parent, { pid: 2 ** 22 + 1 });
        await Promise.all(Array.from({ length: 5 }, () => takeOver(left, parent, serving)));
        // Whoever found it moved by another at that moment has nothing more to do with it.
        await takeOver(left, parent, serving);

        expect(await countOf(serving)).toBe(RECORDS);
        expect(await readdir(left.directory)).toEqual([]);
      }),
    );
  });

  test('that ends in a torn line is read up to it, and the loss is counted', async () => {
    await withDatabase(async ({ serving }) =>
      withFolder(async (parent) => {
        const left = await leaveSpool(parent, { pid: 2 ** 22 + 1 });
        await appendFile(await lastSegment(left.folder), '{"record_version":1,"kind":"deci');

        expect(await takeOver(left, parent, serving)).toMatchObject({
          torn: 1,
          delivery: { refused: 0, damaged: 0 },
        });
        expect(await countOf(serving)).toBe(RECORDS);
        expect(await readdir(left.directory)).toEqual([]);
      }),
    );
  });

  test('with a damaged line keeps its bytes, moves the others, and the chain shows the hole', async () => {
    await withDatabase(async ({ serving }) =>
      withFolder(async (parent) => {
        const left = await leaveSpool(parent, { pid: 2 ** 22 + 1 });
        const [, , third = ''] = left.ids;
        const segment = await lastSegment(left.folder);
        await writeFile(
          segment,
          (await readFile(segment, 'utf8')).replace(third, third.replaceAll('7', '8')),
        );

        expect(await takeOver(left, parent, serving)).toMatchObject({ delivery: { damaged: 1 } });
        const { rows } = await serving.query<{ problem: string; line: Buffer }>(
          'select problem, line from refused_records',
        );
        expect(rows).toHaveLength(1);
        expect(rows[0]?.line.toString()).toContain('"kind":"decision"');
        expect(await verifyChains(serving, 'all')).toMatchObject({
          records: RECORDS - 1,
          refused: 1,
          findings: [{ problem: 'gap', seq: 3 }],
        });
      }),
    );
  });

  test('in which a failure left lines behind gives none of them', async () => {
    await withDatabase(async ({ serving }) =>
      withFolder(async (parent) => {
        const files = createFailingFiles();
        const directory = join(parent, 'spool');
        const ledger = await open({ directory, keyring: await newKeyring(parent), files });
        const ids = [await record(ledger, decision())];
        files.fault = 'truncate and write';
        const lost = await Promise.allSettled([record(ledger, decision()), record(ledger, decision())]);
        files.fault = 'none';
        ids.push(await record(ledger, decision()));
        await ledger.close();

        await takeOver({ directory, folder: '', ids }, parent, serving);
        expect(lost.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
        expect(await countOf(serving)).toBe(2);
        for (const id of ids) expect((await getDecision(serving, 'all', id)).record).toContain(id);
        expect(await verifyChains(serving, 'all')).toMatchObject({ records: 2, findings: [] });
      }),
    );
  });
});

async function lastSegment(folder: string): Promise<string> {
  const segments = (await readdir(folder)).filter((name) => name.endsWith('.spool')).sort();
  return join(folder, segments.at(-1) ?? '');
}
