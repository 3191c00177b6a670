import { expect, test } from 'vitest';
import type { ReadRequest } from '../../../services/bundles/inform.ts';
import type { Entity } from '../../../services/engine/data/entities.ts';
import { EntityUid, uidKey } from '../../../services/engine/value/value.ts';
import { loadSystemBundle } from '../../../services/pdp/admin/system-bundle.ts';
import { judgeAnswer } from '../../../services/pdp/approvals/judge-answer.ts';
import type { Approval } from '../../../services/store/approvals/read.ts';

const FAY = { type: 'User', id: 'fay' };
const inFinance = {
  attributes: new Map(),
  ancestors: new Set([uidKey('Group', 'finance')]),
} as unknown as Entity;

test('of a person counts what the bundle and the store say, and not what the request brought along', async () => {
  const system = await loadSystemBundle();
  const asked = {
    request: {
      principal: new EntityUid('Bot', 'bot'),
      entity: (key: string) => (key === uidKey(FAY.type, FAY.id) ? inFinance : undefined),
    },
  } as unknown as Pick<ReadRequest, 'request'>;
  const approval = {
    approval_id: 'a',
    subject: 'agents',
    groups: [{ group: 'Group::"finance"', count: 1 }],
  } as unknown as Approval;
  const judgedBy = (known: (key: string) => Entity | undefined) =>
    judgeAnswer(system, approval, { person: FAY, subject: 'fay' }, known, asked);

  expect(judgedBy(() => undefined)).toMatchObject({ groups: [], verdict: { decision: 'deny' } });
  expect(judgedBy(() => inFinance)).toMatchObject({
    groups: ['Group::"finance"'],
    verdict: { decision: 'allow' },
  });
});
