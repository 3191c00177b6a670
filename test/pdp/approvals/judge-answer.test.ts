import { expect, test } from 'vitest';
import type { AskedRequest, ReadRequest } from '../../../services/bundles/inform.ts';
import type { Entity } from '../../../services/engine/data/entities.ts';
import { EntityUid, uidKey } from '../../../services/engine/value/value.ts';
import { judgeAnswer } from '../../../services/pdp/approvals/judge-answer.ts';
import type { Approval } from '../../../services/store/approvals/read.ts';

const FAY = { type: 'User', id: 'fay' };
const FINANCE = uidKey('Group', 'finance');
const BOT = new EntityUid('Bot', 'bot');

const inFinance = { ancestors: new Set([FINANCE]) } as unknown as Entity;

test('of a person counts what the bundle and the store say, and not what the request brought along', () => {
  const asked = {
    request: {
      principal: BOT,
      entity: (key: string) => (key === uidKey(FAY.type, FAY.id) ? inFinance : undefined),
    },
  } as unknown as Pick<ReadRequest, 'request'>;
  const approval = {
    approval_id: 'a',
    subject: 'agents',
    groups: [{ group: 'Group::"finance"', count: 1 }],
  } as unknown as Approval;
  const questions: AskedRequest[] = [];
  const system = {
    judge(question: AskedRequest) {
      questions.push(question);

      return { decision: 'deny', reasonCode: 'not_permitted', message: '', determining: [] } as const;
    },
  };
  const groupsOf = (known: (key: string) => Entity | undefined) =>
    judgeAnswer(system, approval, { person: FAY, subject: 'fay' }, known, asked).groups;

  expect(groupsOf(() => undefined)).toEqual([]);
  expect(groupsOf(() => inFinance)).toEqual(['Group::"finance"']);
  expect(questions).toHaveLength(2);
});
