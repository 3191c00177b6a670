import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { findApproval, listApprovals } from '../../../services/store/approvals/read.ts';
import { recordApprovals, releaseApprovals } from '../../../services/store/approvals/settle.ts';
import { sweepApprovals } from '../../../services/store/approvals/sweep.ts';
import { insertCredential, revokeCredential } from '../../../services/store/credentials.ts';
import { withDatabase } from '../../support/postgres.ts';
import { aCredential } from '../samples.ts';
import { answer, ask, asked, FINANCE, letPass, take } from './support.ts';

const LEGAL = 'Group::"legal"';
const OTHER = `sha256:${'b'.repeat(64)}`;
const SWEEP = { pendingMs: 0, keptMs: 3_600_000, onExpired: () => Promise.resolve() };

describe('asking', () => {
  test('gives the same question for the same request, however many ask at once', async () => {
    await withDatabase(async ({ serving }) => {
      const all = await Promise.all(Array.from({ length: 8 }, () => ask(serving)));

      expect(new Set(all.map((one) => one?.approvalId)).size).toBe(1);
      expect(all.filter((one) => one?.isNew)).toHaveLength(1);
      expect(await ask(serving, { subject: 'others' })).toMatchObject({ isNew: true });
    });
  });

  test('remembers a denial for a while, and asks anew after it', async () => {
    await withDatabase(async (database) => {
      const { serving } = database;
      const id = await asked(serving);
      expect(await answer(serving, id, 'fay', 'deny')).toBe('denied');

      expect(await ask(serving)).toMatchObject({ approvalId: id, status: 'denied', isNew: false });
      await letPass(database, '61 seconds');
      expect(await ask(serving)).toMatchObject({ status: 'pending', isNew: true });
    });
  });

  test('asks anew once nobody has answered in time', async () => {
    await withDatabase(async (database) => {
      const id = await asked(database.serving);
      await letPass(database, '60 seconds');

      const next = await ask(database.serving);
      expect(next).toMatchObject({ status: 'pending', isNew: true });
      expect(next?.approvalId).not.toBe(id);
    });
  });

  test('stops at so many of one run, denied ones among them, and not of another', async () => {
    await withDatabase(async ({ serving }) => {
      const digest = (n: number): string => `sha256:${String(n).padStart(64, '0')}`;
      const denied = await asked(serving, { requestDigest: digest(0), runId: 'r' });
      await answer(serving, denied, 'fay', 'deny');
      const all = await Promise.all(
        [1, 2, 3, 4, 5].map((n) => ask(serving, { requestDigest: digest(n), runId: 'r' })),
      );

      expect(all.filter((one) => one !== undefined)).toHaveLength(2);
      expect(await ask(serving, { requestDigest: digest(6), runId: 's' })).toMatchObject({ isNew: true });
    });
  });

  test('stops at so many of one principal, whatever it calls its runs, and not of another', async () => {
    await withDatabase(async ({ serving }) => {
      const all = await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          ask(serving, { requestDigest: `sha256:${String(n).padStart(64, '0')}`, runId: `run ${n}` }),
        ),
      );

      expect(all.filter((one) => one !== undefined)).toHaveLength(5);
      expect(await ask(serving, { requestDigest: OTHER })).toBeUndefined();
      const principal = { type: 'Bot', id: 'other' };
      expect(await ask(serving, { requestDigest: OTHER, principal })).toMatchObject({ isNew: true });
    });
  });

  test('again moves the question to that decision, once it is ten seconds old and the one before is not in the log', async () => {
    await withDatabase(async ({ owner, serving }) => {
      const [lost, logged, later] = [randomUUID(), randomUUID(), randomUUID()];
      const id = await asked(serving, { decisionId: lost });
      await ask(serving, { decisionId: later });
      expect(await findApproval(serving, id, 'all')).toMatchObject({ decision_id: lost });
      await letPass({ owner }, '10 seconds');
      await ask(serving, { decisionId: logged });
      await owner.query(
        `insert into decisions (decision_id, kind, time, subject, reason_code, trace_id, process_id, boot_id, seq, record)
         values ($1, 'decision', now(), 'agents', 'approval_required', '', 'p', $1, 1, '{}')`,
        [logged],
      );
      await ask(serving, { decisionId: later });

      expect(await findApproval(serving, id, 'all')).toMatchObject({ decision_id: logged });
    });
  });
});

describe('answers', () => {
  test('of two people approve what two have to, and one person or one credential is not two', async () => {
    await withDatabase(async ({ serving }) => {
      const groups = [{ group: { type: 'Group', id: 'finance' }, count: 2 }];
      const id = await asked(serving, { requirement: { groups, ttlMs: 60_000, severity: 'low' } });

      expect(await answer(serving, id, 'fay')).toBe('pending');
      await expect(answer(serving, id, 'fay', 'approve', { subject: 'other' })).rejects.toMatchObject({
        code: 'conflict',
      });
      await expect(answer(serving, id, 'gil', 'approve', { subject: 'fay' })).rejects.toMatchObject({
        code: 'conflict',
      });
      expect(await answer(serving, id, 'gil')).toBe('approved');
    });
  });

  test('of a credential and of one that it made are those of one person', async () => {
    await withDatabase(async ({ serving }) => {
      const groups = [{ group: { type: 'Group', id: 'finance' }, count: 2 }];
      const id = await asked(serving, { requirement: { groups, ttlMs: 60_000, severity: 'low' } });
      await insertCredential(serving, aCredential({ id: 'made', name: 'gil', createdBy: 'fay' }));

      expect(await answer(serving, id, 'fay')).toBe('pending');
      await expect(answer(serving, id, 'gil')).rejects.toMatchObject({ code: 'permission_denied' });
      expect(await answer(serving, id, 'bob')).toBe('approved');
    });
  });

  test('of a credential and of one that it made are those of one person in either order, unless that was revoked before anybody asked', async () => {
    await withDatabase(async ({ serving }) => {
      await insertCredential(serving, aCredential({ id: 'old', name: 'bob', createdBy: 'fay' }));
      await revokeCredential(serving, 'old');
      await insertCredential(serving, aCredential({ id: 'new', name: 'bob', createdBy: 'admin' }));
      await insertCredential(serving, aCredential({ id: 'made', name: 'gil', createdBy: 'fay' }));
      const groups = [{ group: { type: 'Group', id: 'finance' }, count: 3 }];
      const id = await asked(serving, { requirement: { groups, ttlMs: 60_000, severity: 'low' } });

      expect(await answer(serving, id, 'bob')).toBe('pending');
      expect(await answer(serving, id, 'gil')).toBe('pending');
      await expect(answer(serving, id, 'fay')).rejects.toMatchObject({ code: 'permission_denied' });
    });
  });

  test('are not those of who made the credential that asks', async () => {
    await withDatabase(async ({ serving }) => {
      await insertCredential(serving, aCredential({ name: 'agents', createdBy: 'fay' }));
      const id = await asked(serving);

      await expect(answer(serving, id, 'fay')).rejects.toThrow(/whose credential they have made/);
      expect(await answer(serving, id, 'gil')).toBe('approved');
    });
  });

  test('are wanted of each group', async () => {
    await withDatabase(async ({ serving }) => {
      const groups = ['finance', 'legal'].map((name) => ({ group: { type: 'Group', id: name }, count: 1 }));
      const id = await asked(serving, { requirement: { groups, ttlMs: 60_000, severity: 'low' } });

      expect(await answer(serving, id, 'fay')).toBe('pending');
      expect(await answer(serving, id, 'bob')).toBe('pending');
      expect(await answer(serving, id, 'lea', 'approve', { groups: [LEGAL] })).toBe('approved');
    });
  });

  test('end with the first no, and none is taken after it, or too late, or from who asked', async () => {
    await withDatabase(async (database) => {
      const { serving } = database;
      const id = await asked(serving);
      expect(await answer(serving, id, 'fay', 'deny')).toBe('denied');
      await expect(answer(serving, id, 'gil')).rejects.toMatchObject({ code: 'conflict' });

      const other = await asked(serving, { requestDigest: OTHER });
      await expect(answer(serving, other, 'fay', 'approve', { subject: 'agents' })).rejects.toMatchObject({
        code: 'permission_denied',
      });
      await letPass(database, '60 seconds');
      await expect(answer(serving, other, 'fay')).rejects.toThrow(/expired/);
      await expect(answer(serving, randomUUID(), 'fay')).rejects.toMatchObject({ code: 'not_found' });
    });
  });

  test('that race decide once', async () => {
    await withDatabase(async ({ serving }) => {
      const id = await asked(serving);
      const all = await Promise.allSettled(
        ['fay', 'gil', 'bob', 'eve'].map((who, at) =>
          answer(serving, id, who, at % 2 === 0 ? 'approve' : 'deny'),
        ),
      );

      expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });
  });
});

describe('an approval', () => {
  test('is consumed once, by whoever asked, for the same request', async () => {
    await withDatabase(async (database) => {
      const id = await asked(database.serving);
      expect(await take(database, id)).toBe('approval_gone');
      await answer(database.serving, id, 'fay');

      expect(await take(database, id, { digest: OTHER })).toBe('approval_gone');
      expect(await take(database, id, { subject: 'others' })).toBe('approval_gone');
      expect(await take(database, id, { store: 'other' })).toBe('approval_gone');
      expect(await take(database, randomUUID())).toBe('approval_gone');
      const all = await Promise.all(Array.from({ length: 8 }, () => take(database, id)));
      expect(all.filter((outcome) => outcome === null)).toHaveLength(1);
    });
  });

  test('is not consumed once its time is over', async () => {
    await withDatabase(async (database) => {
      const id = await asked(database.serving);
      await answer(database.serving, id, 'fay');
      await letPass(database, '60 seconds');

      expect(await take(database, id)).toBe('approval_gone');
      expect(await findApproval(database.serving, id, 'all')).toMatchObject({ status: 'expired' });
    });
  });

  test('is good again where its decision was never made, and not once that is in the log', async () => {
    await withDatabase(async (database) => {
      const { serving } = database;
      const id = await asked(serving);
      await answer(serving, id, 'fay');
      const [first, second] = [randomUUID(), randomUUID()];

      await take(database, id, { id: first });
      await releaseApprovals(serving, [first]);
      expect(await take(database, id, { id: second })).toBeNull();
      await recordApprovals(serving, [second]);
      await releaseApprovals(serving, [second]);
      expect(await take(database, id)).toBe('approval_gone');
    });
  });

  test('is told with its question and its answers, to those who may see its store', async () => {
    await withDatabase(async ({ serving }) => {
      const id = await asked(serving);
      await answer(serving, id, 'fay');

      expect(await findApproval(serving, id, ['default'])).toMatchObject({
        status: 'approved',
        principal: { type: 'Bot', id: 'bot' },
        groups: [{ group: FINANCE, count: 1 }],
        answers: [{ approver: 'User::"fay"', answer: 'approve', answered_at: expect.stringMatching(/Z$/) }],
      });
      expect(await findApproval(serving, id, ['other'])).toBeUndefined();
      expect(await listApprovals(serving, ['other'], { limit: 10 })).toEqual([]);
      expect(await listApprovals(serving, 'all', { status: 'pending', limit: 10 })).toEqual([]);
      expect(await listApprovals(serving, 'all', { status: 'approved', limit: 10 })).toHaveLength(1);
    });
  });
});

describe('the sweep', () => {
  test('closes what is over time and tells of each, once', async () => {
    await withDatabase(async (database) => {
      const { serving } = database;
      const id = await asked(serving);
      await letPass(database, '60 seconds');
      const told: string[] = [];
      const onExpired = (_client: unknown, { approval_id }: { approval_id: string }) => {
        told.push(approval_id);

        return Promise.resolve();
      };

      expect(await sweepApprovals(serving, { ...SWEEP, onExpired })).toMatchObject({ expired: 1 });
      expect(await sweepApprovals(serving, { ...SWEEP, onExpired })).toMatchObject({ expired: 0 });
      expect(told).toEqual([id]);
    });
  });

  test('leaves consumed what no decision is known of, and forgets it after its time', async () => {
    await withDatabase(async (database) => {
      const { serving } = database;
      const id = await asked(serving);
      await answer(serving, id, 'fay');
      await take(database, id);
      await letPass(database, '1 second');

      expect(await sweepApprovals(serving, SWEEP)).toMatchObject({ reconciled: 0, unknown: 1, forgotten: 0 });
      expect(await findApproval(serving, id, 'all')).toMatchObject({ status: 'consumed' });
      await letPass(database, '62 minutes');
      expect(await sweepApprovals(serving, SWEEP)).toMatchObject({ forgotten: 1 });
      expect(await findApproval(serving, id, 'all')).toBeUndefined();
    });
  });
});
