import { expect, test } from 'vitest';
import type { Database } from '../../services/store/database.ts';
import { createPartitions, uuidAt } from '../../services/store/decision-partitions.ts';
import { newestOf, type ReplayRange, selectReplayRows } from '../../services/store/replay-rows.ts';
import { withDatabase } from '../support/postgres.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const ROWS = 20_000;
/** The newer half, so that there is something to leave out. */
const RANGE: ReplayRange = {
  store: 'default',
  from: uuidAt(NOW),
  before: uuidAt(NOW + ROWS),
  share: { index: 1, of: 2 },
};

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly Plan[];
}

/** A record a millisecond around now, each with its input; a third of them of another store. */
const FILL = `
  with made as (
    select (lpad(to_hex(${NOW - ROWS / 2}::bigint + i), 12, '0') || '7000' || '8' || substr(md5(i::text), 1, 15))::uuid as id, i
    from generate_series(1, ${ROWS}) i
  ), inputs as (
    insert into decision_inputs select id, 'k', '\\x00', '\\x00', decode(repeat('ab', 200), 'hex') from made
  )
  insert into decisions (decision_id, kind, time, store, subject, reason_code, trace_id, process_id, boot_id, seq, record)
  select id, 'decision', now(), case when i % 3 = 0 then 'other' else 'default' end, 's', 'permitted', 't', 'p', id, i, repeat('r', 500)
  from made`;

/** Every node of the plans by which the statements of `body` would be carried out. */
async function nodesOf(
  database: Database,
  body: (explaining: Database) => Promise<unknown>,
): Promise<Plan[]> {
  const plans: Plan[] = [];
  await body({
    async query(text, values) {
      const { rows } = await database.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
        `explain (format json) ${text}`,
        values,
      );
      plans.push(...rows.map((row) => row['QUERY PLAN'][0].Plan));

      return { rows: [] };
    },
  });
  const all = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(all)];

  return plans.flatMap(all);
}

test.each([
  ['a page', (database: Database) => selectReplayRows(database, RANGE, { rows: 1_000, bytes: 2 ** 23 })],
  ['where the newest begin', (database: Database) => newestOf(database, RANGE, 500)],
])('%s is found by an index, in order, without a look at what lies outside', async (_what, ask) => {
  await withDatabase(async ({ owner, serving }) => {
    await createPartitions(owner, new Date('2026-10-01'), 3);
    await owner.query(FILL);
    await owner.query('analyze decisions, decision_inputs');

    const nodes = await nodesOf(serving, ask);
    const kinds = nodes.map((node) => node['Node Type']);
    const tables = nodes.flatMap((node) => node['Relation Name'] ?? []);
    expect(kinds).toContain('Index Scan');
    expect(kinds.filter((kind) => /Sort|Seq Scan|Bitmap|Hash/.test(kind))).toEqual([]);
    expect(tables).toContain('decisions_2026_11');
    expect(tables.filter((name) => /2026_(10|12)$/.test(name))).toEqual([]);
  });
});
