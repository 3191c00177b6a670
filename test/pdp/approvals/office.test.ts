import { expect, test } from 'vitest';
import { PdpError } from '../../../services/engine/error.ts';
import type { Ledger } from '../../../services/ledger/ledger.ts';
import type { SystemBundle } from '../../../services/pdp/admin/system-bundle.ts';
import type { Desk, DeskCall } from '../../../services/pdp/approvals/desk.ts';
import { createOffice } from '../../../services/pdp/approvals/office.ts';
import { insertCredential, revokeCredential } from '../../../services/store/credentials.ts';
import type { Pool } from '../../../services/store/database.ts';
import { withTransaction } from '../../../services/store/pool.ts';
import { aCredential } from '../../store/samples.ts';
import { withDatabase } from '../../support/postgres.ts';
import { callerOf } from '../support/calls.ts';

/** An office whose role lets everybody in, and the calls that come to its desk. */
function openOffice(pool: Pool, charge: () => void = () => undefined) {
  const calls: DeskCall[] = [];
  const desk = {
    list: async (call: DeskCall) => {
      calls.push(call);

      return [];
    },
  } as unknown as Desk;
  const system = { decide: () => ({ decision: 'allow' }) } as unknown as SystemBundle;
  const repeats = { isRepeat: () => true, keep: () => undefined };
  const office = createOffice({ desk, pool, charge, system, repeats, ledger: {} as Ledger });
  const caller = callerOf({ subject: 'fay', credential_id: 'fay', roles: ['approver'] });
  const call = {
    caller,
    transport: 'grpc',
    trace: { trace_id: '', parent_span_id: undefined },
    route: '',
    target: '',
  } as const;

  return { calls, list: () => office.list(call, { limit: 1 }) };
}

test('whoever comes uses the database as long as their credential is good, and no longer', async () => {
  await withDatabase(async ({ serving }) => {
    await insertCredential(serving, aCredential({ id: 'fay', name: 'fay', roles: ['approver'] }));
    const { calls, list } = openOffice(serving);
    await list();
    const [call] = calls;
    if (call === undefined) throw new Error('nobody came');

    await withTransaction(call.pool, () => Promise.resolve());
    await revokeCredential(serving, 'fay');
    await expect(withTransaction(call.pool, () => Promise.resolve())).rejects.toMatchObject({
      code: 'unauthenticated',
    });
  });
});

test('whoever comes too often does not come to the desk', async () => {
  const pool = { query: () => Promise.reject(new Error()), connect: () => Promise.reject(new Error()) };
  const { calls, list } = openOffice(pool, () => {
    throw new PdpError('overloaded', 'this caller asks too often');
  });

  await expect(list()).rejects.toMatchObject({ code: 'overloaded' });
  expect(calls).toEqual([]);
});
