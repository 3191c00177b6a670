import type pg from 'pg';
import { describe, expect, test } from 'vitest';
import { PdpError } from '../../../services/engine/error.ts';
import { LIMITS } from '../../../services/engine/limits.ts';
import { RawObject } from '../../../services/engine/raw/raw.ts';
import type { Outcome } from '../../../services/pdp/authorize.ts';
import { CallSignal } from '../../../services/pdp/call-signal.ts';
import { createRunKeeping } from '../../../services/pdp/runs/keeping.ts';
import type { DecisionReply } from '../../../services/pdp/types.ts';
import { uuidv7 } from '../../../services/pdp/uuid.ts';
import type { Pool } from '../../../services/store/database.ts';
import { createLimitCounting, type LimitCounting } from '../../../services/store/limits/counting.ts';
import { createPool } from '../../../services/store/pool.ts';
import { scopeOf } from '../support/calls.ts';
import { type Faulty, START, withFaults } from './faulty.ts';

const KEYS = { type: 'File', id: 'keys' };
const amount = (n: bigint) => new RawObject(new Map([['amount', n]]));
const unavailable = expect.objectContaining({ code: 'unavailable' });
const decisionOf = (outcome: Outcome) =>
  outcome instanceof PdpError ? outcome.code : (outcome as DecisionReply).decision;

async function known({ keeping }: Faulty, run_id: string) {
  const { steps, labels, open } = await keeping.get({ run_id, request_id: '' }, scopeOf());

  return { steps, labels: labels.length, open };
}

async function spentIn(serving: pg.Pool): Promise<string> {
  const { rows } = await serving.query('select coalesce(sum(used), 0) as used from limit_counters');

  return String(rows[0]?.['used']);
}

describe('an answer that is lost', () => {
  test('after the call was counted is unavailable, and what it took stays taken, once', async () => {
    await withFaults(async (faulty) => {
      const { ask, counting } = faulty;
      const run = await faulty.start();
      const settle: LimitCounting['settle'] = async (decision) => {
        await counting.settle(decision);
        throw new PdpError('unavailable', 'the connection was lost');
      };
      expect(await ask('read', run, { resource: KEYS, counting: { settle } })).toEqual(unavailable);
      expect(await known(faulty, run)).toEqual({ steps: 1n, labels: 3, open: true });
      expect(await ask('post', run)).toMatchObject({ decision: 'deny', reason_code: 'forbidden' });
    });
  });

  test('before it was counted takes nothing', async () => {
    await withFaults(async (faulty) => {
      const run = await faulty.start();
      const settle = () => Promise.reject(new PdpError('unavailable', 'the connection was lost'));
      expect(await faulty.ask('read', run, { resource: KEYS, counting: { settle } })).toEqual(unavailable);
      expect(await known(faulty, run)).toEqual({ steps: 0n, labels: 0, open: true });
    });
  });
});

describe('a client that hangs up', () => {
  test('while its run is read takes nothing', async () => {
    await withFaults(async (faulty) => {
      const { ask, counting } = faulty;
      const run = await faulty.start();
      const signal = new CallSignal();
      const readRun: LimitCounting['readRun'] = (wanted) =>
        counting.readRun(wanted).finally(() => signal.abort());
      expect(await ask('post', run, { scope: { signal }, counting: { readRun } })).toEqual(unavailable);
      expect(await known(faulty, run)).toEqual({ steps: 0n, labels: 0, open: true });
    });
  });

  test('once the call is counted leaves it taken and recorded', async () => {
    await withFaults(async (faulty) => {
      const { ask, counting } = faulty;
      const run = await faulty.start();
      const signal = new CallSignal();
      const settle: LimitCounting['settle'] = (decision) =>
        counting.settle(decision).finally(() => signal.abort());
      const asked = { resource: KEYS, scope: { signal }, counting: { settle } };
      expect(await ask('read', run, asked)).toEqual(unavailable);
      expect(await known(faulty, run)).toEqual({ steps: 1n, labels: 3, open: true });
    });
  });
});

describe('what cannot be recorded', () => {
  test('is no allow: its budget is given back, and its labels stay', async () => {
    await withFaults(async (faulty) => {
      const { ask, files, serving, counting } = faulty;
      const run = await faulty.start();
      files.fault = 'write';
      expect(await ask('spend', run, { input: amount(4n) })).toEqual(unavailable);
      expect(await ask('read', run, { resource: KEYS })).toEqual(unavailable);
      files.fault = 'none';
      await counting.settled();
      expect(await spentIn(serving)).toBe('0');
      expect(await known(faulty, run)).toEqual({ steps: 2n, labels: 3, open: true });
    });
  });

  test('is no start and no end of a run', async () => {
    await withFaults(async (faulty) => {
      const { files, keeping, serving } = faulty;
      const run = await faulty.start();
      files.fault = 'write';
      await expect(faulty.start()).rejects.toMatchObject({ code: 'unavailable' });
      await expect(keeping.end({ run_id: run, request_id: '' }, scopeOf())).rejects.toMatchObject({
        code: 'unavailable',
      });
      files.fault = 'none';
      expect((await serving.query('select run_id, ended_at from runs')).rows).toEqual([
        { run_id: run, ended_at: null },
      ]);
    });
  });
});

test('what only takes labels does not wait for its run to be read', async () => {
  await withFaults(async (faulty) => {
    const { ask, keeping } = faulty;
    const run = await faulty.start();
    const readRun = () => Promise.reject(new Error('not asked for here'));
    expect(decisionOf(await ask('read', run, { resource: KEYS, counting: { readRun } }))).toBe('allow');
    expect(await known(faulty, run)).toEqual({ steps: 1n, labels: 3, open: true });
    await keeping.end({ run_id: run, request_id: '' }, scopeOf());
    expect(await ask('read', run, { resource: KEYS })).toMatchObject({
      reason_code: 'not_permitted',
      message: expect.stringContaining('has ended'),
    });
  });
});

describe('a run that moves on while a call is judged', () => {
  test('is read again: a secret that was read meanwhile forbids the post', async () => {
    await withFaults(async (faulty) => {
      const { ask, counting } = faulty;
      const run = await faulty.start();
      let first = true;
      const settle: LimitCounting['settle'] = async (decision) => {
        if (first) expect(decisionOf(await ask('read', run, { resource: KEYS }))).toBe('allow');
        first = false;

        return counting.settle(decision);
      };
      expect(await ask('post', run, { counting: { settle } })).toMatchObject({
        decision: 'deny',
        reason_code: 'forbidden',
      });
      expect(await known(faulty, run)).toEqual({ steps: 1n, labels: 3, open: true });
    });
  });

  test('all the time ends as overloaded, and takes nothing', async () => {
    await withFaults(async (faulty) => {
      const { ask, counting } = faulty;
      const run = await faulty.start();
      const settle: LimitCounting['settle'] = async (decision) => {
        await ask('read', run, { resource: { type: 'File', id: 'readme' } });

        return counting.settle(decision);
      };
      expect(await ask('post', run, { counting: { settle } })).toMatchObject({ code: 'overloaded' });
      expect(await known(faulty, run)).toEqual({ steps: 32n, labels: 1, open: true });
    });
  });

  test('and ends is a deny that says so', async () => {
    await withFaults(async (faulty) => {
      const { ask, counting, keeping } = faulty;
      for (const [action, input] of [
        ['post', undefined],
        ['spend', amount(1n)],
      ] as const) {
        const run = await faulty.start();
        const settle: LimitCounting['settle'] = async (decision) => {
          await keeping.end({ run_id: run, request_id: '' }, scopeOf());

          return counting.settle(decision);
        };
        const asked = { counting: { settle }, ...(input === undefined ? {} : { input }) };
        expect(await ask(action, run, asked)).toMatchObject({
          reason_code: 'not_permitted',
          message: expect.stringContaining('The run has ended'),
        });
      }
      expect(await spentIn(faulty.serving)).toBe('0');
    });
  });

  test('and ends does not stand in the way of what is only counted', async () => {
    await withFaults(async (faulty) => {
      const { ask, keeping } = faulty;
      const run = await faulty.start();
      await keeping.end({ run_id: run, request_id: '' }, scopeOf());
      expect(decisionOf(await ask('run_tests', run))).toBe('allow');
      expect(await known(faulty, run)).toEqual({ steps: 0n, labels: 0, open: false });
    });
  });
});

describe('a clock', () => {
  test('that leaps ends what is old by then, and that goes back brings nothing back', async () => {
    await withFaults(async (faulty) => {
      const { ask, setClock } = faulty;
      await setClock('2026-11-29T10:00:00Z');
      const run = await faulty.start();
      expect(decisionOf(await ask('run_tests', run))).toBe('allow');
      await setClock('2026-11-29T10:59:59Z');
      expect(decisionOf(await ask('deploy', run))).toBe('allow');
      const other = await faulty.start();
      expect(decisionOf(await ask('run_tests', other))).toBe('allow');
      await setClock('2026-11-29T12:00:00Z');
      expect(await ask('deploy', other)).toMatchObject({ message: 'Run the tests first.' });

      await setClock('2026-11-30T10:00:00Z');
      expect(await ask('post', run)).toMatchObject({ message: expect.stringContaining('has ended') });
    });
  });
});

describe('without PostgreSQL', () => {
  test('only so many calls that start, end or look at runs wait for it, and more are overloaded', async () => {
    await withFaults(async ({ ledger, snapshot }) => {
      const { promise: hangs, resolve: ends } = Promise.withResolvers<never>();
      const pool = { query: () => hangs, connect: () => hangs };
      const keeping = createRunKeeping({ pool: pool as unknown as Pool, ledger, now: Date.now });
      const run_id = uuidv7(Date.now());
      const calls = [
        () => keeping.start(snapshot, START, scopeOf()),
        () => keeping.end({ run_id, request_id: '' }, scopeOf()),
        () => keeping.get({ run_id, request_id: '' }, scopeOf()),
      ] as const;
      const waiting = Array.from({ length: LIMITS.runs_in_flight }, (_, at) => calls[at % 3]?.());

      for (const call of calls) {
        await expect(call()).rejects.toMatchObject({
          code: 'overloaded',
          limit: { name: 'runs_in_flight', max: LIMITS.runs_in_flight },
        });
      }
      ends(Promise.reject(new PdpError('unavailable', 'the connection was lost')) as never);
      await Promise.allSettled(waiting);
      await expect(calls[2]()).rejects.toMatchObject({ code: 'unavailable' });
    });
  });

  test('nothing that depends on a run is allowed, and what does not goes on', async () => {
    const nowhere = createPool({ connection: 'postgres://nobody@127.0.0.1:1/none' });
    const away = createLimitCounting({ database: nowhere, onLost: () => undefined });
    await withFaults(async ({ ask, start }) => {
      const run = await start();
      for (const [action, more] of [
        ['post', {}],
        ['read', { resource: KEYS }],
        ['spend', { input: amount(1n) }],
        ['run_tests', {}],
      ] as const) {
        expect(await ask(action, run, { ...more, counting: away }), action).toEqual(unavailable);
      }
      expect(decisionOf(await ask('look', run, { counting: away }))).toBe('allow');
      expect(decisionOf(await ask('run_tests', 'run-7', { counting: away }))).toBe('allow');
      // Nobody has to be asked for a run that the server cannot have made.
      expect(await ask('post', 'run-7', { counting: away })).toMatchObject({ reason_code: 'not_permitted' });
    });
    await nowhere.end();
  });
});
