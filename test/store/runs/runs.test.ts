import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../../services/engine/limits.ts';
import { endRun } from '../../../services/store/runs/end-run.ts';
import { readRuns } from '../../../services/store/runs/read-runs.ts';
import { sweepRuns } from '../../../services/store/runs/sweep-runs.ts';
import { sweepAll } from '../../../services/store/sweep-all.ts';
import { withLimits } from '../limits/support.ts';
import { BOT, own, POST, READ, read, start, step } from './support.ts';

const NOBODY = '00000000-0000-7000-8000-000000000000';

describe('a run', () => {
  test('begins empty, as its own root, and is shown to whom it belongs alone', async () => {
    await withLimits({}, async ({ serving }) => {
      const run = await start(serving);

      expect(await read(serving, run)).toMatchObject({
        runId: run.runId,
        root: run.runId,
        parent: undefined,
        principal: BOT,
        labels: [],
        steps: 0n,
        actions: new Map(),
        isOpen: true,
      });
      const foreign = [
        { ...own(run), subject: 'other' },
        { ...own(run), stores: ['other'] },
        own({ runId: NOBODY }),
      ];
      expect(await readRuns(serving, [...foreign, own(run)])).toEqual([
        undefined,
        undefined,
        undefined,
        expect.objectContaining({ runId: run.runId }),
      ]);
      for (const wanted of foreign) expect(await endRun(serving, wanted)).toBeUndefined();
      expect((await read(serving, run)).isOpen).toBe(true);
    });
  });

  test('ends once, with all that were started in it, and knows when', async () => {
    await withLimits({}, async ({ serving, setClock }) => {
      await setClock('2026-11-29T10:00:00Z');
      const root = await start(serving);
      const child = await start(serving, root.runId);
      const grandchild = await start(serving, child.runId);
      await setClock('2026-11-29T10:05:00Z');
      expect(await endRun(serving, own(child))).toEqual({ isNew: true });
      await setClock('2026-11-29T10:06:00Z');
      expect(await endRun(serving, own(child))).toEqual({ isNew: false });
      expect((await read(serving, child)).endsAt).toBe(Date.parse('2026-11-29T10:05:00Z'));

      const open = async (run: { runId: string }) => (await read(serving, run)).isOpen;
      expect([await open(root), await open(child), await open(grandchild)]).toEqual([true, false, false]);
    });
  });

  test('ends by itself, with its children, and stays ended where the clock goes back', async () => {
    await withLimits({}, async ({ owner, serving, setClock }) => {
      await setClock('2026-11-29T10:00:00Z');
      const root = await start(serving);
      await setClock('2026-11-30T09:59:59Z');
      const child = await start(serving, root.runId);
      await setClock('2026-11-30T10:00:00Z');

      expect(await read(serving, child)).toMatchObject({ isOpen: false });
      expect(await step(owner, child.runId)).toBe('run_closed');
      await expect(start(serving, root.runId)).rejects.toMatchObject({ code: 'precondition_failed' });
      expect(await sweepRuns(serving)).toMatchObject({ ended: 1, forgotten: 0, open: 0 });
      await setClock('2026-11-29T10:00:00Z');
      expect(await read(serving, child)).toMatchObject({ isOpen: false });
      expect(await step(owner, child.runId)).toBe('run_closed');
    });
  });

  test('is started in none that is unknown, foreign, ended or as deep as may be', async () => {
    await withLimits({}, async ({ serving }) => {
      const root = await start(serving);
      const parent_run_id = { field: 'parent_run_id' };
      await expect(start(serving, NOBODY)).rejects.toMatchObject({ code: 'not_found', ...parent_run_id });
      await expect(start(serving, root.runId, 'other')).rejects.toMatchObject({
        code: 'not_found',
      });
      let deepest = root;
      for (let depth = 0; depth < LIMITS.run_depth; depth += 1) deepest = await start(serving, deepest.runId);
      await expect(start(serving, deepest.runId)).rejects.toMatchObject({
        code: 'too_large',
        limit: { name: 'run_depth' },
      });
      await endRun(serving, own(root));
      await expect(start(serving, root.runId)).rejects.toMatchObject({ code: 'precondition_failed' });
    });
  });
});

test('a tree takes no more runs than so many, ended ones among them, and another one does', async () => {
  await withLimits({}, async ({ owner, serving }) => {
    const [root, other] = [await start(serving), await start(serving)];
    await owner.query(
      `insert into runs select gen_random_uuid(), store, subject, principal, run_id, run_id, 1, '', '{}', 0, started_at, ends_at, started_at
         from runs, generate_series(3, $2) where run_id = $1`,
      [root.runId, LIMITS.run_tree],
    );
    const last = await start(serving, root.runId);

    for (const parent of [root, last]) {
      await expect(start(serving, parent.runId)).rejects.toMatchObject({
        code: 'too_large',
        field: 'parent_run_id',
        limit: { name: 'run_tree', max: LIMITS.run_tree },
      });
    }
    await start(serving, other.runId);
  });
});

describe('a step', () => {
  test('counts the action with its time and takes labels, for the whole tree', async () => {
    await withLimits({}, async ({ owner, serving, setClock }) => {
      await setClock('2026-11-29T10:00:00.123456Z');
      const root = await start(serving);
      const child = await start(serving, root.runId);
      const sibling = await start(serving, root.runId);
      expect(await step(owner, child.runId, { steps: 0, labels: 0, takes: ['secret', 'public'] })).toBeNull();
      await setClock('2026-11-29T10:00:07Z');
      expect(await step(owner, child.runId, { steps: 1, labels: 2, takes: ['public'] })).toBeNull();

      expect(await read(serving, child)).toMatchObject({
        steps: 2n,
        labels: ['public', 'secret'],
        actions: new Map([[READ, { count: 2n, last: Date.parse('2026-11-29T10:00:07Z') }]]),
      });
      for (const other of [root, sibling]) {
        expect(await read(serving, other)).toMatchObject({
          steps: 0n,
          labels: ['public', 'secret'],
          actions: new Map(),
        });
      }
      expect(await read(serving, await start(serving, sibling.runId))).toMatchObject({
        labels: ['public', 'secret'],
      });
    });
  });

  test('is refused where the run knows more than was judged by: its own steps, or labels that any of the tree took', async () => {
    await withLimits({}, async ({ owner, serving }) => {
      const root = await start(serving);
      const child = await start(serving, root.runId);
      const judgedBy = { steps: 0, labels: 0 };
      expect(await step(owner, root.runId, judgedBy)).toBeNull();
      expect(await step(owner, root.runId, judgedBy)).toBe('run_moved');
      expect(await step(owner, child.runId, { ...judgedBy, takes: ['secret'] })).toBeNull();
      expect(await step(owner, root.runId, { steps: 1, labels: 0 })).toBe('run_moved');
      expect(await step(owner, root.runId, { steps: 1, labels: 1 })).toBeNull();
      expect(await read(serving, root)).toMatchObject({ steps: 2n });
    });
  });

  test('is refused in no run, in that of another, and in one that has ended, unless it is only counted', async () => {
    await withLimits({}, async ({ owner, serving }) => {
      const { runId } = await start(serving);
      for (const told of [{ principal: '["e","Bot","c"]' }, { subject: 'other' }]) {
        expect(await step(owner, runId, told)).toBe('run_closed');
        expect(await step(owner, runId, { ...told, needed: false })).toBeNull();
      }
      expect(await step(owner, NOBODY)).toBe('run_closed');
      await endRun(serving, own({ runId }));
      expect(await step(owner, runId)).toBe('run_closed');
      expect(await step(owner, runId, { needed: false })).toBeNull();
      expect(await read(serving, { runId })).toMatchObject({ steps: 0n, actions: new Map() });
    });
  });

  test('at the same time as others of its tree loses none of them, and of two by one state one alone is taken', async () => {
    await withLimits({}, async ({ owner, serving }) => {
      const root = await start(serving);
      const children = [await start(serving, root.runId), await start(serving, root.runId)];
      const runs = [root, ...children];
      const outcomes = await Promise.all(
        Array.from({ length: 60 }, (_, at) => step(owner, runs[at % 3]?.runId ?? '', { takes: [`l${at}`] })),
      );
      expect(outcomes.filter((outcome) => outcome !== null)).toEqual([]);
      for (const { runId } of runs) {
        const state = await read(serving, { runId });
        expect(state).toMatchObject({ steps: 20n, actions: new Map([[READ, { count: 20n }]]) });
        expect(state.labels).toHaveLength(60);
      }

      const rivals = await Promise.all(
        runs.map(({ runId }) => step(owner, runId, { steps: 20, labels: 60, takes: [`of ${runId}`] })),
      );
      expect(rivals.filter((outcome) => outcome === null)).toHaveLength(1);
    });
  });
});

test('what a run knows is what a model of its tree knows, whoever steps and ends in whatever order', async () => {
  const labels = fc.subarray(['public', 'internal', 'secret', 'pii']);
  const command = fc.oneof(
    fc.record({
      kind: fc.constant('step' as const),
      at: fc.nat(4),
      takes: labels,
      action: fc.constantFrom(READ, POST),
    }),
    fc.record({ kind: fc.constant('start' as const), at: fc.nat(4) }),
    fc.record({ kind: fc.constant('end' as const), at: fc.nat(4) }),
  );
  await withLimits({}, async ({ owner, serving }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 25 }), async (commands) => {
        const root = await start(serving);
        const model = [
          { runId: root.runId, parent: -1, open: true, steps: 0, counts: new Map<string, number>() },
        ];
        const tainted = new Set<string>();
        for (const one of commands) {
          const at = one.at % model.length;
          const run = model[at] as (typeof model)[number];
          if (one.kind === 'start') {
            const child = await start(serving, run.runId).catch(() => undefined);
            expect(child !== undefined).toBe(run.open);
            if (child !== undefined)
              model.push({ runId: child.runId, parent: at, open: true, steps: 0, counts: new Map() });
          } else if (one.kind === 'end') {
            expect(await endRun(serving, own(run))).toEqual({ isNew: run.open });
            run.open = false;
            for (const other of model)
              if (other.parent >= 0 && model[other.parent]?.open === false) other.open = false;
          } else {
            const judgedBy = { steps: run.steps, labels: tainted.size };
            const outcome = await step(owner, run.runId, {
              ...judgedBy,
              takes: one.takes,
              action: one.action,
            });
            expect(outcome).toBe(run.open ? null : 'run_closed');
            if (!run.open) continue;
            run.steps += 1;
            run.counts.set(one.action, (run.counts.get(one.action) ?? 0) + 1);
            for (const label of one.takes) tainted.add(label);
          }
        }
        for (const run of model) {
          const state = await read(serving, run);
          const counts = [...(state.actions ?? [])].map(
            ([action, { count }]) => [action, Number(count)] as const,
          );
          expect({ ...state, actions: new Map(counts) }).toMatchObject({
            isOpen: run.open,
            steps: BigInt(run.steps),
            labels: [...tainted].sort(),
            actions: run.counts,
          });
        }
      }),
      { numRuns: 15 },
    );
  });
});

test('the sweep forgets a tree with all that only it counted, a while after its end', async () => {
  await withLimits({}, async ({ owner, serving, setClock }) => {
    await setClock('2026-11-29T10:00:00Z');
    await owner.query(
      `insert into limit_definitions (store, name, definition) values ('default', 'r', 'by [], run')`,
    );
    const [old, other] = [await start(serving), await start(serving)];
    const child = await start(serving, old.runId);
    await step(owner, child.runId);
    for (const [at, { runId }] of [old, other].entries()) {
      await owner.query(
        `with c as (insert into limit_counters (store, name, key, used) values ('default', 'r', $1, 1) returning counter)
         insert into limit_entries select gen_random_uuid(), counter, 1, now(), '-infinity', 'x' from c`,
        [`run:${runId}:[${at}]`],
      );
    }
    await endRun(serving, own(old));
    expect(await sweepRuns(serving)).toEqual({ ended: 0, forgotten: 0, open: 1, isMore: false });
    await setClock('2026-11-30T10:00:01Z');
    expect(await sweepRuns(serving)).toMatchObject({ ended: 1, forgotten: 1, open: 0 });

    const { rows } = await owner.query(
      `select (select array_agg(run_id) from runs) as runs, (select count(*)::int from run_actions) as actions,
              (select array_agg(key) from limit_counters) as keys, (select count(*)::int from limit_entries) as entries`,
    );
    expect(rows).toEqual([{ runs: [other.runId], actions: 0, keys: [`run:${other.runId}:[1]`], entries: 1 }]);
  });
});

test('the sweep says that there is more where as many trees ended, or were forgotten, as one transaction takes', async () => {
  await withLimits({}, async ({ serving, setClock }) => {
    await setClock('2026-11-29T10:00:00Z');
    for (let count = 0; count < 3; count += 1) await start(serving);
    await setClock('2026-12-01T10:00:00Z');
    const swept = await sweepAll(
      () => sweepRuns(serving, LIMITS.run_kept_hours, 2),
      () => false,
    );

    expect(swept).toEqual([
      { ended: 2, forgotten: 0, open: 1, isMore: true },
      { ended: 1, forgotten: 0, open: 0, isMore: false },
    ]);
    await setClock('2026-12-01T10:00:01Z');
    const forgotten = await sweepAll(
      () => sweepRuns(serving, LIMITS.run_kept_hours, 2),
      () => false,
    );
    expect(forgotten.map((one) => one.forgotten)).toEqual([2, 1]);
  });
});
