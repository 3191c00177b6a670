import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Ledger } from '../../services/ledger/ledger.ts';
import { getDecision, type LogQuery, queryDecisions, tailDecisions } from '../../services/ledger/query.ts';
import type { Database } from '../../services/store/database.ts';
import { createPool } from '../../services/store/pool.ts';
import { withDatabase } from '../support/postgres.ts';
import { decision, refusal } from './support/entries.ts';
import { newKeyring, open, record, withFolder } from './support/ledgers.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const MINUTE = 60_000;

function withLog(body: (database: Database, ledger: Ledger) => Promise<void>): Promise<void> {
  return withDatabase(async ({ serving }) =>
    withFolder(async (folder) => {
      const ledger = await open({
        directory: join(folder, 'spool'),
        keyring: await newKeyring(folder),
        pool: serving,
      });
      await body(serving, ledger);
      await ledger.close();
    }),
  );
}

const QUERIES: readonly (readonly [LogQuery, readonly string[]])[] = [
  [{}, ['error', 'other store', 'allow', 'deny']],
  [{ decision: 'allow' }, ['other store', 'allow']],
  [{ principal: 'Agent::"alice"' }, ['allow']],
  [{ principal: 'Agent::"build-bot"', decision: 'deny' }, ['deny']],
  [{ action: 'Action::"read"' }, ['allow']],
  [{ resource: 'File::"a::"b"' }, ['allow']],
  [{ reason_code: 'permitted' }, ['other store', 'allow']],
  [{ reason_code: 'invalid_request' }, ['error']],
  [{ subject: 'anonymous' }, ['error']],
  [{ trace_id: 'f'.repeat(32) }, ['allow']],
  [{ bundle_digest: `sha256:${'a'.repeat(64)}` }, ['other store', 'allow', 'deny']],
  [{ since: '25m' }, ['error', 'other store']],
  [{ since: '30m', limit: 2 }, ['error', 'other store']],
  [{ principal: 'Agent::"\0"' }, []],
];

describe('a query', () => {
  test('finds what it asks for, the newest first', async () => {
    await withLog(async (database, ledger) => {
      const allow = { decision: 'allow', cedar_decision: 'allow', reason_code: 'permitted' } as const;
      await record(ledger, decision({ request_id: 'deny' }, NOW - 40 * MINUTE));
      await record(
        ledger,
        decision(
          {
            ...allow,
            request_id: 'allow',
            principal: { type: 'Agent', id: 'alice' },
            action: { type: 'Action', id: 'read' },
            resource: { type: 'File', id: 'a::"b' },
            trace: { trace_id: 'f'.repeat(32), parent_span_id: null },
          },
          NOW - 30 * MINUTE,
        ),
      );
      await record(
        ledger,
        decision({ ...allow, request_id: 'other store', store: 'payments' }, NOW - 20 * MINUTE),
      );
      await record(ledger, refusal({ request_id: 'error', store: 'default' }, NOW - 10 * MINUTE));
      await ledger.flush(10_000);

      for (const [query, expected] of QUERIES) {
        const { records } = await queryDecisions(database, ['default', 'payments'], query, NOW);
        expect(records.map(requestIdOf), JSON.stringify(query)).toEqual(expected);
      }
    });
  });

  test('goes page by page without a repeat or a gap', async () => {
    await withLog(async (database, ledger) => {
      const ids = await Promise.all(Array.from({ length: 25 }, () => record(ledger, decision())));
      await ledger.flush(10_000);

      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await queryDecisions(database, ['default'], { limit: 10, cursor });
        found.push(...page.records.map(({ decision_id }) => decision_id));
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);
      expect(found).toEqual(ids.toSorted().reverse());
    });
  });

  test('never shows what stands in a store that the caller may not see', async () => {
    await withLog(async (database, ledger) => {
      const hidden = await record(ledger, decision({ store: 'payments' }));
      const unplaced = await record(ledger, refusal());
      await ledger.flush(10_000);

      for (const stores of [['default'], []]) {
        expect((await queryDecisions(database, stores, {})).records).toEqual([]);
        for (const id of [hidden, unplaced]) {
          await expect(getDecision(database, stores, id)).rejects.toMatchObject({ code: 'not_found' });
        }
        expect(
          (await tailDecisions(database, stores, `0.00000000-0000-0000-0000-000000000000`)).records,
        ).toEqual([]);
      }
      expect((await queryDecisions(database, 'all', {})).records).toHaveLength(2);
    });
  });

  test.each<[LogQuery, string]>([
    [{ principal: 'alice' }, 'principal'],
    [{ action: 'Action::read' }, 'action'],
    [{ resource: '"x"' }, 'resource'],
    [{ since: '1 hour' }, 'since'],
    [{ since: '-1h' }, 'since'],
    [{ limit: 0 }, 'limit'],
    [{ limit: 1_001 }, 'limit'],
    [{ limit: 1.5 }, 'limit'],
    [{ cursor: "' or true --" }, 'cursor'],
  ])('that is malformed (%o) names its field, and the database is not asked', async (query, field) => {
    const nowhere = createPool({ connection: 'postgres://nobody@127.0.0.1:1/none' });

    await expect(queryDecisions(nowhere, 'all', query)).rejects.toMatchObject({
      code: 'invalid_request',
      field,
    });
  });
});

describe('following the log', () => {
  test('begins at its end and gives every later record once, also one of an earlier time', async () => {
    await withLog(async (database, ledger) => {
      await record(ledger, decision());
      await ledger.flush(10_000);
      const start = await tailDecisions(database, ['default'], undefined);
      expect(start.records).toEqual([]);

      const ids = [
        await record(ledger, decision()),
        await record(ledger, decision({}, NOW - 90 * 24 * 60 * MINUTE)),
      ];
      await ledger.flush(10_000);
      const found = await follow(database, start.cursor, ids);
      expect(new Set(found).size).toBe(found.length);
    });
  });

  test('leaves out nothing of a transaction that ends after a later one', async () => {
    await withDatabase(async ({ owner }) => {
      const { cursor } = await tailDecisions(owner, 'all', undefined);
      const slow = await owner.connect();
      await slow.query('begin');
      await insertBare(slow, 1);
      await insertBare(owner, 2);
      const early = await tailDecisions(owner, 'all', cursor);
      await slow.query('commit');
      slow.release();

      expect(early.records).toEqual([]);
      expect(await follow(owner, early.cursor, [idOf(1), idOf(2)])).toEqual([idOf(1), idOf(2)]);
    });
  });

  test('refuses a cursor that is none', async () => {
    await withDatabase(async ({ serving }) => {
      for (const cursor of ['', 'x', '1.x', '99999999999999999999.x']) {
        await expect(tailDecisions(serving, 'all', cursor)).rejects.toMatchObject({ field: 'cursor' });
      }
    });
  });
});

/**
 * Follows the log until all of these have come, and asks once more whether there are others. It takes as long as the
 * oldest transaction on the server, and other tests have some.
 */
async function follow(database: Database, from: string, wanted: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  let cursor = from;
  const step = async () => {
    const page = await tailDecisions(database, 'all', cursor);
    cursor = page.cursor;
    found.push(...page.records.map(({ decision_id }) => decision_id));
    return wanted.filter((id) => !found.includes(id));
  };

  await expect.poll(step, { timeout: 20_000 }).toEqual([]);
  await step();
  return found;
}

function idOf(seq: number): string {
  return `01932b1e-4c00-7000-8000-${seq.toString().padStart(12, '0')}`;
}

function requestIdOf({ record: text }: { readonly record: string }): string {
  return JSON.parse(text).request_id;
}

async function insertBare(database: Database, seq: number): Promise<void> {
  await database.query(
    `insert into decisions (decision_id, kind, time, subject, reason_code, trace_id, process_id, boot_id, seq, record)
     values ($1, 'error', now(), '', '', '', 'p', gen_random_uuid(), $2::int, $2::text)`,
    [idOf(seq), seq],
  );
}
