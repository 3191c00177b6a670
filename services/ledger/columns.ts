import { z } from 'zod';
import { columnText, type DecisionColumns } from '../store/decisions.ts';

const uid = z.object({ type: z.string(), id: z.string() }).nullable();

/** The members of a record that stand in columns; the others are none of the table's business. */
const foundBy = z.object({
  kind: z.string(),
  decision_id: z.uuid(),
  time: z.string(),
  store: z.string().nullable(),
  credential: z.object({ subject: z.string() }),
  principal: uid,
  action: uid,
  resource: uid,
  decision: z.string().optional(),
  reason_code: z.string().optional(),
  error: z.object({ code: z.string() }).optional(),
  bundle: z.object({ digest: z.string() }).optional(),
  trace: z.object({ trace_id: z.string() }),
  process: z.object({ process_id: z.string(), boot_id: z.string(), seq: z.int().nonnegative() }),
});

/**
 * What stands in the columns beside a record's text.
 * @throws ZodError or SyntaxError if the text is not a record.
 */
export function columnsOf(record: string): DecisionColumns {
  const found = foundBy.parse(JSON.parse(record));

  return {
    kind: columnText(found.kind),
    decision_id: found.decision_id,
    time: found.time,
    store: nullable(found.store),
    subject: columnText(found.credential.subject),
    principal_type: nullable(found.principal?.type),
    principal_id: nullable(found.principal?.id),
    action_type: nullable(found.action?.type),
    action_id: nullable(found.action?.id),
    resource_type: nullable(found.resource?.type),
    resource_id: nullable(found.resource?.id),
    decision: nullable(found.decision),
    reason_code: columnText(found.reason_code ?? found.error?.code ?? ''),
    bundle_digest: nullable(found.bundle?.digest),
    trace_id: columnText(found.trace.trace_id),
    process_id: columnText(found.process.process_id),
    boot_id: found.process.boot_id,
    seq: found.process.seq,
  };
}

function nullable(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : columnText(text);
}
