import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../../services/engine/limits.ts';
import { findGlass, listGlasses } from '../../../services/store/break-glass/break-glass.ts';
import { closeGlass, closeOverdue } from '../../../services/store/break-glass/close.ts';
import { openGlasses } from '../../../services/store/break-glass/follow.ts';
import {
  type BeforeGlass,
  type NewGlass,
  openProposed,
  requestGlass,
} from '../../../services/store/break-glass/open.ts';
import { stateSequences } from '../../../services/store/entities.ts';
import { approveProposal } from '../../../services/store/proposals.ts';
import { setTwoPerson } from '../../../services/store/request-change.ts';
import { withDatabase } from '../../support/postgres.ts';

const WANTED: NewGlass = {
  ...{ store: 'default', principalType: 'User', principalId: 'fay', actions: null },
  ...{ reason: 'r', ticket: 't', minutes: 5, openedBy: 'olga' },
};
const fine: BeforeGlass = () => Promise.resolve();

describe('opening', () => {
  test('makes a state of the store, and lasts for its minutes by the clock of PostgreSQL', async () => {
    await withDatabase(async ({ serving }) => {
      const glass = await open(serving);

      expect(glass.until.getTime() - glass.openedAt.getTime()).toBe(5 * 60_000);
      expect(glass).toMatchObject({ isOpen: true, stateSequence: 1n, approvedBy: null, closedAt: null });
      expect((await stateSequences(serving)).get('default')).toMatchObject({ state: 1n, deployment: 0n });
      expect(await openGlasses(serving)).toMatchObject([{ id: glass.id, openedBy: 'olga' }]);
    });
  });

  test('is undone where it cannot be recorded', async () => {
    await withDatabase(async ({ serving }) => {
      const failing: BeforeGlass = () => Promise.reject(new Error('no room'));

      await expect(requestGlass(serving, WANTED, randomUUID(), failing)).rejects.toThrow('no room');
      expect(await listGlasses(serving, 'default', { open: false, limit: 10 })).toEqual([]);
      expect((await stateSequences(serving)).get('default')).toMatchObject({ state: 0n });
    });
  });

  test('is bounded, also where many try at once, and closing makes room', async () => {
    await withDatabase(async ({ serving }) => {
      const tries = await Promise.allSettled(
        Array.from({ length: LIMITS.open_break_glass + 6 }, () => open(serving)),
      );
      const [first] = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      const refused = tries.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));

      expect(refused).toHaveLength(6);
      for (const one of refused)
        expect(one).toMatchObject({ code: 'too_large', limit: { name: 'open_break_glass' } });
      await close(serving, first?.id ?? '');
      await open(serving);
    });
  });

  test('by two persons begins when the second one approves it, and not twice', async () => {
    await withDatabase(async ({ owner, serving }) => {
      await setTwoPerson(owner, 'default', true);
      const asked = await requestGlass(serving, WANTED, randomUUID(), fine);
      if (!('proposal' in asked)) throw new Error('it took one person');
      expect(await openGlasses(serving)).toEqual([]);
      await owner.query(`update proposals set created_at = created_at - interval '50 minutes'`);

      const approve = (by: string) =>
        approveProposal(serving, asked.proposal.id, by, 'all', (client, proposal) =>
          openProposed(client, proposal, { recordId: randomUUID(), approvedBy: by }, fine),
        );
      await expect(approve('olga')).rejects.toMatchObject({ code: 'permission_denied' });
      const both = await Promise.allSettled([approve('vera'), approve('rita')]);
      const [glass] = both.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));

      expect(both.filter(({ status }) => status === 'rejected')).toMatchObject([
        { reason: { code: 'conflict' } },
      ]);
      expect(glass?.until.getTime()).toBeGreaterThan(Date.now() + 4 * 60_000);
      expect(await openGlasses(serving)).toHaveLength(1);
    });
  });

  test('is not approved after an hour', async () => {
    await withDatabase(async ({ owner, serving }) => {
      await setTwoPerson(owner, 'default', true);
      const asked = await requestGlass(serving, WANTED, randomUUID(), fine);
      if (!('proposal' in asked)) throw new Error('it took one person');
      const { createdAt, expiresAt, id } = asked.proposal;
      expect(expiresAt.getTime() - createdAt.getTime()).toBe(3_600_000);
      await owner.query(`update proposals set expires_at = now()`);

      await expect(
        approveProposal(serving, id, 'vera', 'all', () => Promise.resolve()),
      ).rejects.toMatchObject({ code: 'conflict' });
    });
  });
});

describe('closing', () => {
  test('has one winner, and nobody closes what is over', async () => {
    await withDatabase(async ({ owner, serving }) => {
      const { id } = await open(serving);
      const tries = await Promise.allSettled(Array.from({ length: 5 }, () => close(serving, id)));
      expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);

      const late = await open(serving);
      await endNow(owner, late.id);
      await expect(close(serving, late.id)).rejects.toMatchObject({ code: 'conflict' });
      expect(await openGlasses(serving)).toEqual([]);
    });
  });

  test('by the end of its time is noted once, with that moment', async () => {
    await withDatabase(async ({ owner, serving }) => {
      const { id } = await open(serving);
      await open(serving);
      await endNow(owner, id);
      const noted = await Promise.all([closeOverdue(serving), closeOverdue(serving), closeOverdue(serving)]);
      const glass = await findGlass(serving, 'default', id);

      expect(noted.flat().map((one) => one.id)).toEqual([id]);
      expect(glass).toMatchObject({ closedBy: 'palisade', closedAt: glass.until, isOpen: false });
    });
  });

  test('and looking at it are for its own store alone', async () => {
    await withDatabase(async ({ owner, serving }) => {
      await owner.query(`insert into stores (name) values ('other')`);
      const { id } = await open(serving);

      await expect(findGlass(serving, 'other', id)).rejects.toMatchObject({ code: 'not_found' });
      await expect(
        closeGlass(
          serving,
          { store: 'other', id, closedBy: 'eve', reason: 'r', recordId: randomUUID() },
          fine,
        ),
      ).rejects.toMatchObject({ code: 'not_found' });
      await expect(close(serving, "x' or true --")).rejects.toMatchObject({ code: 'not_found' });
      expect(await openGlasses(serving)).toHaveLength(1);
    });
  });
});

test('the table itself holds no time beyond four hours, and no second person who is the first', async () => {
  await withDatabase(async ({ owner, serving }) => {
    const { id } = await open(serving);
    const change = (set: string) => owner.query(`update break_glass set ${set} where id = $1`, [id]);

    await expect(change(`until = opened_at + interval '241 minutes'`)).rejects.toMatchObject({
      code: '23514',
    });
    await expect(change(`approved_by = 'olga'`)).rejects.toMatchObject({ code: '23514' });
  });
});

async function open(pool: pg.Pool) {
  const asked = await requestGlass(pool, WANTED, randomUUID(), fine);
  if (!('glass' in asked)) throw new Error('it takes two persons');

  return asked.glass;
}

function close(pool: pg.Pool, id: string) {
  return closeGlass(
    pool,
    { store: 'default', id, closedBy: 'rita', reason: 'over', recordId: randomUUID() },
    fine,
  );
}

async function endNow(owner: pg.Pool, id: string): Promise<void> {
  await owner.query(
    `update break_glass set opened_at = clock_timestamp() - interval '1 minute', until = clock_timestamp() where id = $1`,
    [id],
  );
}
