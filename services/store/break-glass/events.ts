import { idOfKey, typeOfKey } from '../../engine/value/value.ts';
import type { EventValue } from '../webhooks/enqueue.ts';
import type { BreakGlass, GlassScope } from './break-glass.ts';

/** A break-glass as those outside are told of it. */
export function glassEvent(glass: BreakGlass): { readonly [name: string]: EventValue } {
  const { id, ticket, reason, openedBy, approvedBy, openedAt, until } = glass;

  return {
    break_glass: id,
    ...scopeEvent(glass),
    ...{ ticket, reason, opened_by: openedBy, approved_by: approvedBy },
    opened_at: openedAt.toISOString(),
    until: until.toISOString(),
  };
}

/** For whom and for what. */
export function scopeEvent({ principalType, principalId, actions }: GlassScope) {
  return {
    principal: { type: principalType, id: principalId },
    actions: actions === null ? null : actions.map((key) => ({ type: typeOfKey(key), id: idOfKey(key) })),
  };
}
