/** What others can be told of, by kind; what each carries is in docs/webhooks.md. */
export const EVENT_KINDS = [
  'approval.requested',
  'approval.approved',
  'approval.denied',
  'approval.expired',
  'break_glass.proposed',
  'break_glass.opened',
  'break_glass.used',
  'break_glass.closed',
  'break_glass.reported',
] as const;

export type EventKind = (typeof EVENT_KINDS)[number];
