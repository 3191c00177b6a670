import type { BreakGlass } from '../../store/break-glass/break-glass.ts';
import { uidOfKey } from '../break-glass/told.ts';
import type { RawUid } from '../types.ts';
import type { JsonValue } from '../wire/rest/json-text.ts';

/** A break-glass as administration tells it; a member that is absent is not there or not set. */
export function glassJson(glass: BreakGlass): { readonly [name: string]: JsonValue | undefined } {
  const { principalType: type, principalId, actions } = glass;

  return {
    id: glass.id,
    store: glass.store,
    principal: { type, id: principalId ?? undefined },
    actions: actions === null ? undefined : actions.map((key) => uidJson(uidOfKey(key))),
    reason: glass.reason,
    ticket: glass.ticket,
    opened_by: glass.openedBy,
    approved_by: glass.approvedBy ?? undefined,
    opened_at: glass.openedAt.toISOString(),
    until: glass.until.toISOString(),
    open: glass.isOpen,
    state_sequence: glass.stateSequence,
    closed_at: glass.closedAt?.toISOString(),
    closed_by: glass.closedBy ?? undefined,
    close_reason: glass.closeReason ?? undefined,
    record_id: glass.recordId,
    close_record_id: glass.closeRecordId ?? undefined,
    report_id: glass.reportId ?? undefined,
  };
}

export function uidJson({ type, id }: RawUid): JsonValue {
  return { type, id };
}
