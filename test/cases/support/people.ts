import type { Pool } from '../../../services/store/database.ts';
import { answer } from '../../store/approvals/support.ts';
import type { Outcome } from '../../support/decision-client.ts';
import type { Question } from '../../support/question.ts';

/** What people can have made of a request before a case sends it. */
export const PEOPLE_SAID = ['pending', 'approved', 'denied', 'consumed'] as const;
export type PeopleSaid = (typeof PEOPLE_SAID)[number];

/** What a case writes as its `approval_id` for that of the question which came before. */
const ASKED = 'asked';

/** A request, and what came before it where people were asked. */
export interface Asked {
  readonly outcome: Outcome;
  readonly before: readonly Outcome[];
  /** Of the question that stood before. */
  readonly approvalId?: string;
}

/** Asks people by the same request, has them answer, and sends what the case asks then. */
export async function askPeople(
  ask: (question: Question) => Promise<Outcome>,
  said: PeopleSaid,
  question: Question,
  pool: Pool,
): Promise<Asked> {
  const { approval_id: named, mode: _, ...members } = question.members ?? {};
  const request = { ...question, members };
  const first = await ask(request);
  const { approval_id: id, status } = approvalOf(first);
  // Over another transport the same was asked, and what was denied or is not used yet stands.
  if (status === 'pending' && said !== 'pending') {
    await answer(pool, id, 'fay', said === 'denied' ? 'deny' : 'approve');
  }
  const byId = { ...request, members: { ...members, approval_id: id } };
  const before = said === 'consumed' ? [first, await ask(byId)] : [first];
  const sent =
    named === ASKED ? { ...question, members: { ...question.members, approval_id: id } } : question;

  return { outcome: await ask(sent), before, approvalId: id };
}

function approvalOf({ approval, ...outcome }: Outcome): {
  readonly approval_id: string;
  readonly status: string;
} {
  if (typeof approval !== 'object' || approval === null)
    throw new Error(`nobody was asked: ${String(outcome['reason_code'] ?? outcome['error'])}`);

  return approval as { readonly approval_id: string; readonly status: string };
}
