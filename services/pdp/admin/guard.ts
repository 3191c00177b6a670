import type { Request } from 'express';
import { PdpError } from '../../engine/error.ts';
import { uidKey } from '../../engine/value/value.ts';
import type { AdministrationEntry } from '../../ledger/record.ts';
import { ALL_STORES } from '../../store/credentials.ts';
import { recordBytes } from '../record.ts';
import type { Caller } from '../types.ts';
import { uuidv7 } from '../uuid.ts';
import { traceOf } from '../wire/rest/watch.ts';
import { isReading } from './actions.ts';
import { type AdminContext, adminOf } from './context.ts';
import type { AdminRoute } from './routes.ts';
import { type AdminQuestion, type AdminResource, type AdminVerdict, INSTALLATION } from './system-bundle.ts';

type Deciding = Pick<AdminContext, 'ledger' | 'system' | 'repeats'>;

/** Decides a call before its handler runs, and records that; what cannot be recorded is not done. */
export function guard(context: Deciding, route: AdminRoute, request: Request): Promise<void> {
  return decideCall(context, request, { action: route.action, resource: resourceOf(request) }, route);
}

/**
 * Decides whether the caller may, by the built-in bundle, and records it.
 * @throws PdpError `permission_denied`, naming the action and who could; `unavailable` where it cannot be recorded.
 */
export async function decideCall(
  context: Deciding,
  request: Request,
  question: AdminQuestion,
  { method, path }: Pick<AdminRoute, 'method' | 'path'>,
): Promise<void> {
  const caller = adminOf(request);
  const verdict = context.system.decide(caller, question);
  const allowed = verdict.decision === 'allow';
  if (!context.repeats.isRepeat(repeatKey(caller, question, allowed))) {
    const entry = entryOf(context, request, question, verdict, `${method.toUpperCase()} ${path}`);
    await context.ledger.append(entry, null, context.ledger.reserve(recordBytes(entry, '')));
    context.repeats.keep(repeatKey(caller, question, allowed));
  }
  if (!allowed) throw refusal(context, question, verdict);
}

/** `undefined`: each is recorded. */
function repeatKey(
  { credential_id }: Caller,
  { action, resource }: AdminQuestion,
  allowed: boolean,
): string | undefined {
  if (!allowed) return `deny ${credential_id} ${action}`;

  return isReading(action) ? `allow ${credential_id} ${action} ${resource.id}` : undefined;
}

function refusal(
  { system }: Deciding,
  question: AdminQuestion,
  { reasonCode, message, determining }: AdminVerdict,
): PdpError {
  const roles = system.rolesFor(question);
  const who = roles.length === 0 ? '' : ` (${question.action}: for ${roles.join(', ')})`;
  const text =
    reasonCode === 'not_permitted'
      ? `this credential's roles do not allow ${question.action}${who}`
      : `${message}${who}`;
  if (question.context === undefined) return new PdpError('permission_denied', text);

  return new PdpError('permission_denied', text, {
    field: determining.includes('no-stores-beyond-ones-own') ? 'stores' : 'roles',
  });
}

const STORE_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** A name that no store can have is left to the handler, which does not find it. */
function resourceOf({ params }: Request): AdminResource {
  const store = params['store'];

  return typeof store === 'string' && STORE_NAME.test(store) ? { type: 'Store', id: store } : INSTALLATION;
}

function entryOf(
  { system }: Deciding,
  request: Request,
  { action, resource }: AdminQuestion,
  { decision, reasonCode, determining }: AdminVerdict,
  route: string,
): AdministrationEntry {
  const { credential_id, subject, stores, roles } = adminOf(request);
  const { trace_id, parent_span_id } = traceOf(request);
  const now = Date.now();

  return {
    kind: 'administration',
    decision_id: uuidv7(now),
    time: new Date(now).toISOString(),
    transport: 'rest',
    credential: { id: credential_id ?? null, subject },
    // Nobody writes into the log of a store that its credential does not name.
    store: resource.type === 'Store' && covers(stores, resource.id) ? resource.id : null,
    request_id: '',
    run: null,
    mode: 'enforce',
    principal: { type: 'Palisade::Credential', id: subject },
    action: { type: 'Palisade::Action', id: action },
    resource: { type: `Palisade::${resource.type}`, id: resource.id },
    call: { route, target: targetOf(request), roles: [...roles] },
    decision,
    reason_code: reasonCode,
    determining: [...determining],
    bundle: system.ref,
    trace: { trace_id, parent_span_id: parent_span_id ?? null },
  };
}

function covers(stores: readonly string[], store: string): boolean {
  return stores.includes(ALL_STORES) || stores.includes(store);
}

/** Longest parameter that is recorded whole, in UTF-16 units; all that name something are shorter. */
const TARGET_UNITS = 128;

function targetOf({ params }: Request): string {
  const { type, id } = params;
  const entity = type === undefined ? undefined : uidKey(String(type), String(id));
  const named = entity ?? params['digest'] ?? id ?? params['store'] ?? '';

  return String(named).slice(0, TARGET_UNITS).toWellFormed();
}
