import { isDeepStrictEqual } from 'node:util';
import type { Reply } from './agent/messages.ts';
import type { LoggedDecision } from './demo.ts';

/** What must be answered. */
export interface Wanted {
  readonly decision: 'allow' | 'deny';
  readonly reason_code: string;
  /** The ids of exactly the policies that decide. */
  readonly by?: readonly string[];
  readonly obligations?: readonly string[];
}

/** Something else happened than the story has. */
export class Unexpected extends Error {
  override readonly name = 'Unexpected';
}

export function allowed(by: string, ...obligations: readonly string[]): Wanted {
  return { decision: 'allow', reason_code: 'permitted', by: [by], obligations };
}

export function forbidden(...by: readonly string[]): Wanted {
  return { decision: 'deny', reason_code: 'forbidden', by };
}

/** People have to say so first. */
export function toBeApproved(...by: readonly string[]): Wanted {
  return { decision: 'deny', reason_code: 'approval_required', by };
}

export function denied(reasonCode: string): Wanted {
  return { decision: 'deny', reason_code: reasonCode };
}

/** How an answer differs from the wanted one, in words; `undefined`: in nothing. */
export function differenceOf(wanted: Wanted, reply: Reply, record: LoggedDecision): string | undefined {
  const { decision = '', reason_code, obligations = [] } = reply;
  const answered = {
    decision: decision.toLowerCase(),
    reason_code,
    ...(wanted.by === undefined ? {} : { by: record.determining }),
    ...(wanted.obligations === undefined ? {} : { obligations: obligations.map(({ id }) => id) }),
  };
  if (isDeepStrictEqual(answered, { ...wanted })) return undefined;

  return `wanted ${JSON.stringify(wanted)}, answered ${JSON.stringify(answered)}`;
}
