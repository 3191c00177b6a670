import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { PdpError } from '../../../services/engine/error.ts';
import { LIMITS } from '../../../services/engine/limits.ts';
import { genesis, linkedText } from '../../../services/ledger/chain.ts';
import { columnsOf } from '../../../services/ledger/columns.ts';
import type { Ledger } from '../../../services/ledger/ledger.ts';
import { recordHead } from '../../../services/ledger/record-text.ts';
import { CallSignal } from '../../../services/pdp/call-signal.ts';
import { type OutcomePath, reportOutcome } from '../../../services/pdp/outcomes/report-outcome.ts';
import type { OutcomeCall, OutcomeReply } from '../../../services/pdp/outcomes/types.ts';
import type { CallScope } from '../../../services/pdp/types.ts';
import { type Database, textOf } from '../../../services/store/database.ts';
import { insertDecisions } from '../../../services/store/insert-decisions.ts';
import { decision as entryOf } from '../../ledger/support/entries.ts';
import { createFailingFiles, type FailingFiles } from '../../ledger/support/failing-files.ts';
import { calendar, type LimitDatabase, withLimits } from '../../store/limits/support.ts';
import { allowed, refundable, state } from '../../store/outcomes/support.ts';
import { quietObserver } from '../../support/observer.ts';
import { callerOf, scopeOf } from '../support/calls.ts';
import { withLedger } from '../support/ledger.ts';

/** A decision that used 5 of a limit, and the reports on it, with faults to switch on. */
interface Faulty {
  readonly database: LimitDatabase;
  readonly files: FailingFiles;
  readonly ledger: Ledger;
  report(changes?: {
    readonly call?: Partial<OutcomeCall>;
    readonly scope?: Partial<CallScope>;
    readonly path?: Partial<OutcomePath>;
  }): Promise<OutcomeReply | PdpError>;
}

async function withFaults(
  body: (faulty: Faulty) => Promise<void>,
  { decidedAt = Date.now(), capBytes = 64 * 1024 * 1024 } = {},
): Promise<void> {
  const files = createFailingFiles();
  await withLimits({ b: calendar('day') }, (database) =>
    withLedger(
      async (ledger) => {
        const id = await allowed(database, refundable('b', 9, 5));
        await logDecision(database.serving, id, decidedAt);
        await body({
          database,
          files,
          ledger,

          report: ({ call, scope, path } = {}) =>
            reportOutcome(
              { database: database.serving, ledger, now: Date.now, observer: quietObserver(), ...path },
              { ...failureOf(id), ...call },
              scopeOf(scope),
            ).catch((error: PdpError) => error),
        });
      },
      capBytes,
      files,
    ),
  );
}

function failureOf(decision_id: string): OutcomeCall {
  return {
    decision_id,
    outcome: 'failure',
    cost: new Map(),
    input_tokens: undefined,
    output_tokens: undefined,
    duration_ms: undefined,
    output_digest: '',
  };
}

async function logDecision(database: Database, id: string, at: number): Promise<void> {
  const entry = {
    ...entryOf({ decision: 'allow', credential: { id: 'c', subject: callerOf().subject } }, at),
    decision_id: id,
    limits: [{ name: 'b', amount: 5n, used: 5n, max: 9n }],
  };
  const owner = { process_id: 'p', boot_id: randomUUID() };
  const record = linkedText(recordHead(entry, null), owner, genesis(owner));
  await insertDecisions(database, [{ ...columnsOf(record), record }]);
}

/** A database whose statements fail that a pattern finds, before or after they are run. */
function failing(database: Database, pattern: RegExp, when: 'before' | 'after'): Database {
  return {
    async query(statement, values) {
      const lost = new Error('Connection terminated unexpectedly');
      const isHit = pattern.test(textOf(statement));
      if (isHit && when === 'before') throw lost;
      const answer = await database.query(statement, values);
      if (isHit) throw lost;

      return answer as never;
    },
  };
}

const unavailable = expect.objectContaining({ code: 'unavailable' });
const taken = { limits: [{ name: 'b', reserved: 5n, charged: 0n }] };
const [FULL, BACK] = [['b 5/1'], ['b 0/0']];

describe('nothing comes of a report', () => {
  test('that cannot be recorded, and the same report again goes on', async () => {
    await withFaults(async ({ database, files, report }) => {
      files.fault = 'write';
      expect(await report()).toEqual(unavailable);
      expect(await state(database)).toEqual(FULL);
      files.fault = 'none';

      await expect.poll(() => report()).toMatchObject(taken);
      expect(await state(database)).toEqual(BACK);
    });
  });

  test('that the decision log has no room for', async () => {
    await withFaults(
      async ({ database, report }) => {
        expect(await report()).toEqual(unavailable);
        expect(await state(database)).toEqual(FULL);
        expect((await database.serving.query('select from outcomes')).rows).toEqual([]);
      },
      { capBytes: 1_024 },
    );
  });

  test('whose caller hangs up before it is kept; after that it is carried through', async () => {
    await withFaults(async ({ database, files, report }) => {
      const left = new CallSignal();
      left.abort();
      expect(await report({ scope: { signal: left } })).toEqual(unavailable);
      expect(await state(database)).toEqual(FULL);

      const leaving = new CallSignal();
      const disk = Promise.withResolvers<void>();
      files.gate = disk.promise;
      const reporting = report({ scope: { signal: leaving } });
      while (files.writes === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      leaving.abort();
      disk.resolve();
      await reporting;

      expect(await state(database)).toEqual(BACK);
    });
  });

  test('that another one came before, whose record was lost', async () => {
    await withFaults(async ({ database, files, report }) => {
      files.fault = 'write';
      await report();
      files.fault = 'none';

      await expect.poll(() => report({ call: { outcome: 'success' } })).toMatchObject({ code: 'conflict' });
      expect(await state(database)).toEqual(FULL);
    });
  });

  test.each([
    ['finding the decision', /from decisions/, 'before'],
    ['keeping the report', /claim_outcome/, 'before'],
    ['the answer that it is kept', /claim_outcome/, 'after'],
    ['settling it', /settle_outcomes/, 'before'],
  ] as const)('where PostgreSQL is lost before %s, until it comes again', async (_what, pattern, when) => {
    await withFaults(async ({ database, report }) => {
      const lost = failing(database.serving, pattern, when);
      expect(await report({ path: { database: lost } })).toBeInstanceOf(PdpError);
      expect(await state(database)).toEqual(FULL);

      expect(await report()).toMatchObject(taken);
      expect(await state(database)).toEqual(BACK);
    });
  });
});

test('a report whose answer was lost is settled once, and told when it comes again', async () => {
  await withFaults(async ({ database, report }) => {
    const lost = failing(database.serving, /settle_outcomes/, 'after');
    expect(await report({ path: { database: lost } })).toBeInstanceOf(PdpError);
    expect(await state(database)).toEqual(BACK);

    expect(await report()).toMatchObject(taken);
    expect(await state(database)).toEqual(BACK);
  });
});

describe('a decision', () => {
  test('that is too old is not reported on, but what was reported in time is still told', async () => {
    const decidedAt = Date.now() - LIMITS.outcome_ms - 1_000;
    await withFaults(
      async ({ database, report }) => {
        expect(await report()).toMatchObject({
          code: 'precondition_failed',
          limit: { name: 'outcome_ms', max: LIMITS.outcome_ms },
        });
        expect(await state(database)).toEqual(FULL);
      },
      { decidedAt },
    );
    await withFaults(async ({ database, report }) => {
      const first = await report();
      await database.owner.query(`update decisions set time = time - interval '61 minutes'`);

      expect(await report()).toEqual(first);
    });
  });

  test.each([
    ['a year ahead', 365 * 24 * 3_600_000],
    ['behind by less than the time of a report', -1_800_000],
  ])('of a process whose clock is %s is reported on by the clock of PostgreSQL', async (_what, skewMs) => {
    await withFaults(
      async ({ database, report }) => {
        expect(await report()).toMatchObject(taken);
        expect(await state(database)).toEqual(BACK);
      },
      { decidedAt: Date.now() + skewMs },
    );
  });

  test('that has not reached PostgreSQL yet is waited for, and told as absent before the deadline', async () => {
    await withFaults(async ({ database, report }) => {
      const id = await allowed(database, refundable('b', 99, 5));
      const young = { ...failureOf(uuidOfNow(id)), cost: new Map<string, bigint>() };
      const begun = performance.now();
      const scope = { deadline: begun + 500 };
      expect(await report({ call: young, scope })).toMatchObject({ code: 'not_found', retryAfterMs: 1_000 });
      expect(performance.now() - begun).toBeLessThan(500);

      const waiting = report({ call: young });
      await logDecision(database.serving, young.decision_id, Date.now());
      expect(await waiting).toMatchObject({ limits: [] });
    });
  });

  test('of an old id that is not there is told so at once', async () => {
    await withFaults(async ({ report }) => {
      const begun = performance.now();
      const old = '0199a000-0000-7000-8000-000000000000';

      expect(await report({ call: { decision_id: old } })).toMatchObject({
        code: 'not_found',
        retryAfterMs: undefined,
      });
      expect(performance.now() - begun).toBeLessThan(500);
    });
  });
});

/** The same id, as one that was made now. */
function uuidOfNow(id: string): string {
  const time = Date.now().toString(16).padStart(12, '0');

  return `${time.slice(0, 8)}-${time.slice(8)}${id.slice(13)}`;
}
