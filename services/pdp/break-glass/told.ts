import { idOfKey, typeOfKey } from '../../engine/value/value.ts';
import type { GlassReportEntry } from '../../ledger/record.ts';
import type { BreakGlass } from '../../store/break-glass/break-glass.ts';
import type { RawUid } from '../types.ts';

/** A break-glass as records tell it. */
export function glassOf(glass: BreakGlass): GlassReportEntry['glass'] {
  const { id, principalType, principalId, actions, ticket, until } = glass;

  return {
    id,
    principal: { type: principalType, id: principalId },
    actions: actions === null ? null : actions.map(uidOfKey),
    ticket,
    until: until.toISOString(),
  };
}

export function uidOfKey(key: string): RawUid {
  return { type: typeOfKey(key), id: idOfKey(key) };
}
