import type { Request } from 'express';
import { PdpError } from '../../engine/error.ts';
import { uidKey } from '../../engine/value/value.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { AdministrationEntry } from '../../ledger/record.ts';
import { ALL_STORES } from '../../store/credentials.ts';
import { recordBytes } from '../record.ts';
import type { Caller, TraceContext } from '../types.ts';
import { uuidv7 } from '../uuid.ts';
import { traceOf } from '../wire/rest/watch.ts';
import { isReading } from './actions.ts';
import { type AdminContext, adminOf } from './context.ts';
import type { AdminRoute } from './routes.ts';
import {
  type AdminQuestion,
  type AdminResource,
  type AdminVerdict,
  INSTALLATION,
  type SystemBundle,
} from './system-bundle.ts';

type Deciding = Pick<AdminContext, 'ledger' | 'system' | 'repeats'>;

/** Decides a call before its handler runs, and records that; what cannot be recorded is not done. */
export function guard(context: Deciding, route: AdminRoute, request: Request): Promise<void> {
  return decideCall(context, request, { action: route.action, resource: resourceOf(request) }, route);
}

/** A call of administration, over whichever transport. */
export interface AdminCall {
  readonly caller: Caller;
  readonly transport: AdministrationEntry['transport'];
  readonly trace: Pick<TraceContext, 'trace_id' | 'parent_span_id'>;
  /** Such as `PUT /v1/stores/:store/deployment`. */
  readonly route: string;
  /** What it names; empty: nothing. */
  readonly target: string;
}

/** A call over REST. */
export function adminCallOf(
  request: Request,
  { method, path }: Pick<AdminRoute, 'method' | 'path'>,
): AdminCall {
  return {
    caller: adminOf(request),
    transport: 'rest',
    trace: traceOf(request),
    route: `${method.toUpperCase()} ${path}`,
    target: targetOf(request),
  };
}

/**
 * Decides whether the caller may, by the built-in bundle, and records it.
 * @throws PdpError `permission_denied`, naming the action and who could; `unavailable` where it cannot be recorded.
 */
export function decideCall(
  context: Deciding,
  request: Request,
  question: AdminQuestion,
  route: Pick<AdminRoute, 'method' | 'path'>,
): Promise<void> {
  return decideAdmin(context, adminCallOf(request, route), question);
}

/** The same for a call over any transport. @throws PdpError as it does. */
export async function decideAdmin(
  context: Deciding,
  call: AdminCall,
  question: AdminQuestion,
): Promise<void> {
  const { caller } = call;
  const { action, resource } = question;
  const verdict = context.system.decide(caller, question);
  const allowed = verdict.decision === 'allow';
  if (!context.repeats.isRepeat(repeatKey(caller, question, allowed))) {
    await recordVerdict(context, call, verdict, {
      // Nobody writes into the log of a store that its credential does not name.
      store: resource.type === 'Store' && covers(caller.stores, resource.id) ? resource.id : null,
      principal: { type: 'Palisade::Credential', id: caller.subject },
      action: { type: 'Palisade::Action', id: action },
      resource: { type: `Palisade::${resource.type}`, id: resource.id },
    });
    context.repeats.keep(repeatKey(caller, question, allowed));
  }
  if (!allowed) throw refusal(context, question, verdict);
}

/**
 * Records what the built-in bundle said.
 * @throws PdpError `unavailable` where it cannot be recorded: then nothing may come of it.
 */
export async function recordVerdict(
  {
    ledger,
    system,
  }: { readonly ledger: Pick<Ledger, 'append' | 'reserve'>; readonly system: Pick<SystemBundle, 'ref'> },
  { caller, transport, trace, route, target }: AdminCall,
  { decision, reasonCode, determining }: AdminVerdict,
  asked: Pick<AdministrationEntry, 'store' | 'principal' | 'action' | 'resource'>,
): Promise<void> {
  const { credential_id, subject, roles } = caller;
  const now = Date.now();
  const entry: AdministrationEntry = {
    kind: 'administration',
    decision_id: uuidv7(now),
    time: new Date(now).toISOString(),
    transport,
    credential: { id: credential_id ?? null, subject },
    ...asked,
    request_id: '',
    run: null,
    mode: 'enforce',
    call: { route, target, roles: [...roles] },
    decision,
    reason_code: reasonCode,
    determining: [...determining],
    bundle: system.ref,
    trace: { trace_id: trace.trace_id, parent_span_id: trace.parent_span_id ?? null },
  };
  await ledger.append(entry, null, ledger.reserve(recordBytes(entry, '')));
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
