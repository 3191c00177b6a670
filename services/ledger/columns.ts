import { columnText } from '../store/column-text.ts';
import type { DecisionColumns } from '../store/decision-row.ts';

/**
 * What stands in the columns beside a record's text. Whether that is a whole record is for who reads it; Postgres refuses a value
 * that does not fit its column.
 * @throws TypeError or SyntaxError if the text is not a record.
 */
export function columnsOf(record: string): DecisionColumns {
  const found = JSON.parse(record) as Found;
  kept.latest = found;
  const { principal, resource, process } = found;
  // Of a change, what it did: that is no action of Cedar's.
  const action = typeof found.action === 'object' ? found.action : undefined;
  const done = typeof found.action === 'string' ? found.action : undefined;

  return {
    kind: columnText(found.kind),
    decision_id: columnText(found.decision_id),
    time: columnText(found.time),
    store: nullable(found.store),
    subject: columnText(found.credential.subject),
    principal_type: nullable(principal?.type),
    principal_id: nullable(principal?.id),
    action_type: nullable(action?.type),
    action_id: nullable(action?.id),
    resource_type: nullable(resource?.type),
    resource_id: nullable(resource?.id),
    decision: nullable(found.decision),
    reason_code: columnText(found.reason_code ?? found.error?.code ?? found.outcome?.result ?? done ?? ''),
    bundle_digest: nullable(found.bundle?.digest ?? found.state?.digest),
    trace_id: columnText(found.trace.trace_id),
    process_id: columnText(process.process_id),
    boot_id: columnText(process.boot_id),
    seq: process.seq,
    break_glass: found.mode === 'enforce' ? nullable(found.break_glass) : null,
  };
}

/**
 * Kept, because V8 forgets what it learnt of objects whose like have all died: it compiled this function anew several times a
 * second (measured), on a core that others need.
 */
const kept: { latest?: Found } = {};

/** The members of a record that stand in columns, as far as the text holds what was once written. */
interface Found {
  readonly kind: string;
  readonly decision_id: string;
  readonly time: string;
  readonly store: string | null;
  readonly mode: string;
  readonly credential: { readonly subject: string };
  readonly principal?: Uid | null;
  readonly action: Uid | string | null;
  readonly resource?: Uid | null;
  readonly decision?: string;
  readonly reason_code?: string;
  readonly error?: { readonly code: string };
  readonly outcome?: { readonly result: string };
  readonly bundle?: { readonly digest: string };
  readonly break_glass?: string;
  readonly state?: { readonly digest: string } | null;
  readonly trace: { readonly trace_id: string };
  readonly process: { readonly process_id: string; readonly boot_id: string; readonly seq: number };
}

interface Uid {
  readonly type: string;
  readonly id: string;
}

function nullable(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : columnText(text);
}
