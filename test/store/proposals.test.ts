import { describe, expect, test } from 'vitest';
import { createStore } from '../../services/store/deployments.ts';
import { query } from '../../services/store/pool.ts';
import {
  approveProposal,
  listProposals,
  type NewProposal,
  propose,
  rejectProposal,
} from '../../services/store/proposals.ts';
import { type OpenTestDatabase, withDatabase } from '../support/postgres.ts';

const PROPOSAL: NewProposal = {
  kind: 'a_test',
  store: 'default',
  payload: { wanted: ['this'] },
  proposedBy: 'ada',
  reason: 'because',
};

const nothing = () => Promise.resolve();
const outcomes = async ({ serving }: OpenTestDatabase) =>
  (await listProposals(serving, 'all', { open: false, limit: 10 })).map(({ outcome }) => outcome);

describe('a proposal', () => {
  test('is applied, as it was proposed, in the transaction that approves it', async () => {
    await withDatabase(async ({ serving }) => {
      const { id } = await propose(serving, PROPOSAL);
      const applied = await approveProposal(serving, id, 'bob', ['default'], async (client, proposal) => {
        await query(client, `update stores set two_person = true where name = $1`, [proposal.store]);

        return proposal;
      });

      expect(applied).toMatchObject({ ...PROPOSAL, outcome: null });
      expect(await listProposals(serving, 'all', { open: false, limit: 10 })).toMatchObject([
        { id, decidedBy: 'bob', outcome: 'approved' },
      ]);
      expect((await serving.query('select two_person from stores')).rows).toEqual([{ two_person: true }]);
    });
  });

  test('stays open, and changes nothing, where applying it fails', async () => {
    await withDatabase(async (database) => {
      const { serving } = database;
      const { id } = await propose(serving, PROPOSAL);
      const failing = approveProposal(serving, id, 'bob', 'all', async (client) => {
        await query(client, 'update stores set two_person = true');
        throw new Error('the state has changed');
      });

      await expect(failing).rejects.toThrow('the state has changed');
      expect(await outcomes(database)).toEqual([null]);
      expect((await serving.query('select two_person from stores')).rows).toEqual([{ two_person: false }]);
    });
  });

  test('is not approved by whoever proposed it, and the table refuses that too', async () => {
    await withDatabase(async (database) => {
      const { serving } = database;
      const { id } = await propose(serving, PROPOSAL);

      await expect(approveProposal(serving, id, 'ada', 'all', nothing)).rejects.toMatchObject({
        code: 'permission_denied',
      });
      await expect(
        serving.query(`update proposals set decided_by = 'ada', decided_at = now(), outcome = 'approved'`),
      ).rejects.toMatchObject({ constraint: 'proposals_two_persons' });
      expect(await outcomes(database)).toEqual([null]);

      await rejectProposal(serving, id, 'ada', 'all');
      expect(await outcomes(database)).toEqual(['rejected']);
    });
  });

  test('is decided once, however many do it at once', async () => {
    await withDatabase(async ({ serving }) => {
      const { id } = await propose(serving, PROPOSAL);
      let applied = 0;
      const results = await Promise.allSettled(
        Array.from({ length: 8 }, (_, index) =>
          index % 4 === 3
            ? rejectProposal(serving, id, `rejecter-${index}`, 'all')
            : approveProposal(serving, id, `approver-${index}`, 'all', async () => {
                applied += 1;
              }),
        ),
      );

      const losers = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
      expect(losers).toHaveLength(7);
      for (const error of losers) expect(error).toMatchObject({ code: 'conflict' });
      expect(applied).toBeLessThanOrEqual(1);
    });
  });

  test('cannot be decided once it has expired, and is no longer listed as open', async () => {
    await withDatabase(async ({ serving }) => {
      const { id } = await propose(serving, { ...PROPOSAL, lifetimeMs: 0 });

      await expect(approveProposal(serving, id, 'bob', 'all', nothing)).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringContaining('expired'),
      });
      expect(await listProposals(serving, 'all', { open: true, limit: 10 })).toEqual([]);
    });
  });

  test('is not there for who may not see its store, nor is one that nobody made', async () => {
    await withDatabase(async ({ serving }) => {
      await createStore(serving, 'other');
      const { id } = await propose(serving, { ...PROPOSAL, store: 'other' });

      for (const one of [id, '00000000-0000-4000-8000-000000000000', 'nonsense']) {
        await expect(approveProposal(serving, one, 'bob', ['default'], nothing)).rejects.toMatchObject({
          code: 'not_found',
        });
        await expect(rejectProposal(serving, one, 'bob', ['default'])).rejects.toMatchObject({
          code: 'not_found',
        });
      }
      expect(await listProposals(serving, ['default'], { open: true, limit: 10 })).toEqual([]);
      expect(await listProposals(serving, ['other'], { open: true, limit: 10 })).toMatchObject([{ id }]);
    });
  });

  test('keeps what was proposed, by whom and when', async () => {
    await withDatabase(async ({ serving }) => {
      await propose(serving, PROPOSAL);

      for (const statement of [
        `update proposals set payload = '{}'`,
        `update proposals set proposed_by = 'bob'`,
        `update proposals set expires_at = now() + interval '1 year'`,
        'delete from proposals',
      ]) {
        await expect(serving.query(statement), statement).rejects.toMatchObject({ code: '42501' });
      }
    });
  });
});
