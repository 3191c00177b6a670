import { join } from 'node:path';
import type pg from 'pg';
import { expect, test, vi } from 'vitest';
import type { Ledger } from '../../../services/ledger/ledger.ts';
import { getInput, queryDecisions } from '../../../services/ledger/query.ts';
import { readRecord } from '../../../services/ledger/record.ts';
import { createDifferenceReport } from '../../../services/pdp/verify/difference.ts';
import { listOverrides } from '../../../services/store/evaluator-overrides.ts';
import { createLog, type Log } from '../../../services/telemetry/log.ts';
import { decision, INPUT } from '../../ledger/support/entries.ts';
import { newKeyring, open, record, withFolder } from '../../ledger/support/ledgers.ts';
import { withDatabase } from '../../support/postgres.ts';
import { deployVersion } from '../support/deploy.ts';

const VERDICTS = { served: 'allow by ["a"], failing []', cedar: 'deny by [], failing []' };
const WITHIN = { timeout: 10_000 };

function reportTo(pool: pg.Pool, ledger: Pick<Ledger, 'append' | 'reserve'>, log: Log, signal: AbortSignal) {
  return createDifferenceReport({ pool, ledger: ledger as Ledger, processId: 'pdp-1', log, signal });
}

test('a difference leaves a replayable error record, a line of the log, and an override', async () => {
  await withDatabase(async ({ owner, serving }) =>
    withFolder(async (folder) => {
      const keyring = await newKeyring(folder);
      const ledger = await open({ directory: join(folder, 'spool'), keyring, pool: serving });
      const log = createLog('silent');
      const line = vi.spyOn(log, 'error');
      const digest = await deployVersion(owner, '1.0.0');
      const entry = decision({ bundle: { name: 'docs', version: '1.0.0', digest } });
      const report = reportTo(serving, ledger, log, new AbortController().signal);
      await record(ledger, entry, INPUT);
      for (let count = 0; count < 3; count += 1) report({ entry, input: INPUT }, VERDICTS);

      const { decision_id: decisionId } = entry;
      const override = {
        digest,
        decisionId,
        processId: 'pdp-1',
        reason: expect.stringContaining('Cedar: deny'),
      };
      await vi.waitFor(
        async () => expect(await listOverrides(serving)).toEqual([expect.objectContaining(override)]),
        WITHIN,
      );
      expect(line).toHaveBeenCalledTimes(1);
      expect(line).toHaveBeenCalledWith(
        expect.objectContaining({ decision_id: decisionId, digest, ...VERDICTS }),
        expect.any(String),
      );

      await ledger.flush(10_000);
      const { records } = await queryDecisions(serving, 'all', { reason_code: 'internal' });
      expect(records).toHaveLength(3);
      for (const { record: text } of records) {
        const found = readRecord(text);
        const { time, trace, request_id, principal } = entry;
        expect(found).toMatchObject({
          kind: 'error',
          error: { code: 'internal', field: 'evaluator' },
          ...{ time, trace, request_id, principal },
        });
        expect(found.decision_id).not.toBe(decisionId);
        expect(await getInput(serving, 'all', keyring, found.decision_id)).toBe(INPUT);
      }
      await ledger.close();
    }),
  );
});

test('an override is tried until PostgreSQL has it, whether or not the spool has room', async () => {
  await withDatabase(async ({ owner, serving }) => {
    const digest = await deployVersion(owner, '1.0.0');
    await owner.query('revoke insert on evaluator_overrides from palisade_serving');
    const log = createLog('silent');
    const lines = vi.spyOn(log, 'error');
    const full = {
      reserve: () => {
        throw new Error('the spool is full');
      },
      append: () => Promise.reject(new Error('never asked')),
    };
    const stopping = new AbortController();
    const entry = decision({ bundle: { name: 'docs', version: '1.0.0', digest } });
    reportTo(serving, full, log, stopping.signal)({ entry, input: INPUT }, VERDICTS);
    await vi.waitFor(() => expect(lines.mock.calls.length).toBeGreaterThan(1), WITHIN);
    expect(await listOverrides(serving)).toEqual([]);

    await owner.query('grant insert on evaluator_overrides to palisade_serving');
    await vi.waitFor(async () => expect(await listOverrides(serving)).toHaveLength(1), WITHIN);
    stopping.abort();
  });
});
