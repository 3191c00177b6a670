import { table } from '../../output.ts';
import type { ProposalAnswer } from '../deploy/answer.ts';

interface Uid {
  readonly type: string;
  readonly id: string;
}

/** A break-glass as administration tells it; see the OpenAPI document. */
export interface GlassAnswer {
  readonly id: string;
  readonly store: string;
  readonly principal: { readonly type: string; readonly id?: string };
  readonly actions?: readonly Uid[];
  readonly reason: string;
  readonly ticket: string;
  readonly opened_by: string;
  readonly approved_by?: string;
  readonly opened_at: string;
  readonly until: string;
  readonly open: boolean;
  readonly closed_at?: string;
  readonly closed_by?: string;
  readonly close_reason?: string;
  readonly report_id?: string;
  /** Of one that has just been opened. */
  readonly affects?: readonly Uid[];
}

export interface GlassReportAnswer {
  readonly break_glass: GlassAnswer;
  readonly allowed: bigint;
  readonly denied: bigint;
  readonly actions: readonly { readonly action: Uid; readonly allowed: bigint; readonly denied: bigint }[];
  readonly examples: readonly string[];
}

export function openedLines(glass: GlassAnswer): string[] {
  const { id, store, until, affects = [] } = glass;
  const effect =
    affects.length === 0
      ? ['No policy of the bundle that runs can look at it: nothing is decided otherwise now.']
      : [`Policies of these actions can look at it: ${affects.map(uidText).join(', ')}.`];

  return [
    `The break-glass ${id} is open for ${principalText(glass)}, ${scopeText(glass)}, until ${until}.`,
    ...effect,
    `To end it before: palisade break-glass close ${store} ${id} --reason …`,
  ];
}

/** What is proposed, for whoever is to approve it. */
export function proposedGlassText(payload: ProposalAnswer['payload']): string {
  const { principal_type = '', principal_id, actions, ticket, minutes } = payload;
  const whom =
    principal_id == null ? `every ${principal_type}` : uidText({ type: principal_type, id: principal_id });

  return `${whom}, ${actions?.join(', ') ?? 'all actions'}, ${minutes} minutes (${ticket})`;
}

export function glassTable(glasses: readonly GlassAnswer[]): string[] {
  if (glasses.length === 0) return ['There is none.'];

  return table([
    ['ID', 'STATE', 'FOR', 'SCOPE', 'UNTIL', 'BY', 'TICKET', 'REASON'],
    ...glasses.map((glass) => [
      glass.id,
      stateText(glass),
      principalText(glass),
      scopeText(glass),
      glass.until,
      personsText(glass),
      glass.ticket,
      glass.reason,
    ]),
  ]);
}

export function reportLines({
  break_glass: glass,
  allowed,
  denied,
  actions,
  examples,
}: GlassReportAnswer): string[] {
  return [
    `Break-glass ${glass.id} of ${glass.store}, for ${principalText(glass)}, ${scopeText(glass)}: ${stateText(glass)}.`,
    `Opened by ${personsText(glass)} at ${glass.opened_at}, for ${glass.ticket}: ${glass.reason}`,
    ...(glass.close_reason === undefined ? [] : [`Closed by ${glass.closed_by}: ${glass.close_reason}`]),
    `${allowed} allowed and ${denied} denied.`,
    ...(actions.length === 0
      ? []
      : table([
          ['ACTION', 'ALLOWED', 'DENIED'],
          ...actions.map((one) => [uidText(one.action), String(one.allowed), String(one.denied)]),
        ])),
    ...(examples.length === 0 ? [] : [`The first: palisade log show ${examples[0]}`]),
  ];
}

export function uidText({ type, id }: Uid): string {
  return `${type}::${JSON.stringify(id)}`;
}

function principalText({ principal: { type, id } }: GlassAnswer): string {
  return id === undefined ? `every ${type}` : uidText({ type, id });
}

function scopeText({ actions }: GlassAnswer): string {
  return actions === undefined ? 'all actions' : actions.map(uidText).join(', ');
}

function stateText({ open, closed_at, until }: GlassAnswer): string {
  return open ? 'open' : `closed at ${closed_at ?? until}`;
}

function personsText({ opened_by, approved_by }: GlassAnswer): string {
  return approved_by === undefined ? opened_by : `${opened_by} and ${approved_by}`;
}
