/** A question as `/v1/approvals` tells it. */
export interface QuestionAnswer {
  readonly approval_id: string;
  readonly store: string;
  readonly status: string;
  readonly severity: string;
  readonly subject: string;
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly run_id?: string;
  readonly policies: readonly string[];
  readonly message: string;
  readonly groups: readonly { readonly group: string; readonly count: bigint }[];
  readonly request_digest: string;
  readonly created_at: string;
  readonly expires_at: string;
  readonly answers: readonly {
    readonly approver: string;
    readonly answer: string;
    readonly comment: string;
    readonly answered_at: string;
  }[];
}

/** One line about a question. */
export function questionCells(one: QuestionAnswer): readonly string[] {
  return [
    one.approval_id,
    one.status,
    one.severity,
    one.store,
    `${one.principal} ${one.action} ${one.resource}`,
    missingText(one),
    one.expires_at,
  ];
}

export const QUESTION_HEADS = ['ID', 'STATUS', 'SEVERITY', 'STORE', 'REQUEST', 'WANTED', 'UNTIL'];

/** Whose word it takes. */
export function missingText({ groups }: Pick<QuestionAnswer, 'groups'>): string {
  return groups.map(({ group, count }) => (count === 1n ? group : `${count} of ${group}`)).join(', ');
}
