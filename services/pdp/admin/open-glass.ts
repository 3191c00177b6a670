import type { Request } from 'express';
import { uidKey } from '../../engine/value/value.ts';
import type { BreakGlass } from '../../store/break-glass/break-glass.ts';
import {
  type NewGlass,
  openProposed,
  type RequestedGlass,
  requestGlass,
} from '../../store/break-glass/open.ts';
import { approveProposal } from '../../store/proposals.ts';
import { glassOf, uidOfKey } from '../break-glass/told.ts';
import { NOT_DEPLOYED, newRecordId, recordChange } from '../change-record.ts';
import type { JsonValue } from '../wire/rest/json-text.ts';
import { actingOf } from './apply-change.ts';
import { type AdminContext, adminOf, followChange } from './context.ts';
import type { OpenGlassBody } from './glass-bodies.ts';
import { glassJson, uidJson } from './glass-json.ts';

/**
 * Opens a break-glass, or proposes it where that takes two persons.
 * @throws PdpError as `requestGlass` says; `unavailable` where it is not recorded.
 */
export async function openGlass(
  context: AdminContext,
  request: Request,
  store: string,
  body: OpenGlassBody,
): Promise<RequestedGlass> {
  const recordId = newRecordId(Date.now());
  const requested = await requestGlass(
    context.poolFor(request),
    wantedGlass(store, body, adminOf(request).subject),
    recordId,
    (glass) => recordOpening(context, request, glass, null),
  );
  if ('glass' in requested) await followChange(context);

  return requested;
}

/**
 * Approves a proposed break-glass, which is open from then on.
 * @throws PdpError as `approveProposal` and `openProposed` say.
 */
export async function approveGlass(
  context: AdminContext,
  request: Request,
  proposal: string,
  stores: readonly string[] | 'all',
): Promise<JsonValue> {
  const approvedBy = adminOf(request).subject;
  const opening = { recordId: newRecordId(Date.now()), approvedBy };
  const glass = await approveProposal(
    context.poolFor(request),
    proposal,
    approvedBy,
    stores,
    (client, open) =>
      openProposed(client, open, opening, (opened) => recordOpening(context, request, opened, proposal)),
  );
  await followChange(context);

  return openedJson(context, glass);
}

/** The break-glass, and which actions of the bundle that runs can look at it: one that nothing looks at is no help in an emergency. */
export function openedJson({ replica }: Pick<AdminContext, 'replica'>, glass: BreakGlass): JsonValue {
  const bundle = replica.snapshot().stores.get(glass.store)?.bundle;
  const knowing = [...(bundle?.actions ?? [])].flatMap(([key, { facts }]) =>
    facts.includes('breakGlass') && (glass.actions?.includes(key) ?? true) ? [key] : [],
  );

  return { ...glassJson(glass), affects: knowing.sort().map((key) => uidJson(uidOfKey(key))) };
}

function wantedGlass(store: string, body: OpenGlassBody, openedBy: string): NewGlass {
  const { principal, actions, reason, ticket, minutes } = body;

  return {
    store,
    principalType: principal.type,
    principalId: 'id' in principal ? principal.id : null,
    actions: actions === 'all' ? null : [...new Set(actions.map(({ type, id }) => uidKey(type, id)))],
    reason,
    ticket,
    minutes: Number(minutes),
    openedBy,
  };
}

function recordOpening(
  { ledger }: Pick<AdminContext, 'ledger'>,
  request: Request,
  glass: BreakGlass,
  proposalId: string | null,
): Promise<void> {
  const { store, openedBy, approvedBy, reason, recordId } = glass;

  return recordChange(ledger, actingOf(request), recordId, {
    ...NOT_DEPLOYED,
    ...{ store, reason, approved_by: approvedBy, proposal_id: proposalId },
    action: 'open_break_glass',
    author: openedBy,
    glass: glassOf(glass),
  });
}
