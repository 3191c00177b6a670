import { expect } from 'vitest';
import { answer } from '../../store/approvals/support.ts';
import { type Paying, questionOf } from './people.ts';

export const REQUIRED = { decision: 'deny', reason_code: 'approval_required' };
export const INVALID = { decision: 'deny', reason_code: 'approval_invalid' };
export const ALLOWED = { decision: 'allow', reason_code: 'permitted' };
/** A payment that comes with an approval. */
export const byId = (approval_id: string) => ({ call: { approval_id } });

/** A payment that fay has approved. */
export async function approved({ pay, serving }: Paying): Promise<string> {
  const id = questionOf(await pay());
  expect(await answer(serving, id, 'fay')).toBe('approved');

  return id;
}
