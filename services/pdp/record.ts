import type { CompiledBundle } from '../bundles/compile.ts';
import type { BundleDecision } from '../bundles/decide.ts';
import type { PdpError } from '../engine/error.ts';
import { LIMITS } from '../engine/limits.ts';
import type { Obligation } from '../engine/obligation.ts';
import { writeValue } from '../engine/value/cedar-json.ts';
import type { Value } from '../engine/value/value.ts';
import { type JsonValue, jsonText, parseExactJson } from '../ledger/json.ts';
import type { DecisionEntry, ErrorEntry, RecordEntry, RunEntry } from '../ledger/record.ts';
import { ALL_STORES } from '../store/credentials.ts';
import type { OpenGlass } from './break-glass/held.ts';
import { disclose } from './disclose.ts';
import type { RunEffect } from './judge.ts';
import type { Settled } from './settle.ts';
import type { Arm } from './snapshot.ts';
import type { AuthorizeCall, Caller, CallScope, DecisionReply, RawUid, Run } from './types.ts';
import { publicError } from './wire/errors.ts';

export interface Decided {
  readonly call: AuthorizeCall;
  readonly scope: CallScope;
  readonly store: string;
  readonly bundle: CompiledBundle;
  readonly arm: Arm;
  readonly decided: BundleDecision;
  readonly settled: Settled;
  readonly run: RunEffect | undefined;
  readonly reply: DecisionReply;
  /** The break-glass that stood open for the request, whether or not its policies know of such a thing. */
  readonly glass: OpenGlass | undefined;
  readonly cedarVersion: string;
}

/** The index part of a decision's record: what was asked and answered, why, and by which bundle. */
export function decisionEntry({
  call,
  scope,
  store,
  bundle,
  arm,
  decided,
  settled,
  run,
  reply,
  glass,
  cedarVersion,
}: Decided): DecisionEntry {
  const { evaluation, informed, verdict } = decided;
  const isAllowed = reply.decision === 'allow' && call.mode === 'enforce';
  const isTaken = isAllowed && run !== undefined && run.takes.length > 0;

  return {
    kind: 'decision',
    ...common(call, scope, reply.decision_id, reply.evaluated_at),
    store,
    principal: uidOf(call.principal),
    action: uidOf(call.action),
    resource: uidOf(call.resource),
    decision: reply.decision,
    reason_code: reply.reason_code,
    policy_codes: [...verdict.policyCodes],
    message: reply.message,
    ...(reply.obligations.length === 0 ? {} : { obligations: reply.obligations.map(obligationOf) }),
    ...(reply.alternatives.length === 0 ? {} : { alternatives: [...reply.alternatives] }),
    ...(run?.refusal === undefined ? {} : { run_refusal: run.refusal }),
    ...(isTaken ? { labels_taken: [...run.takes] } : {}),
    cedar_decision: evaluation.decision,
    policy_decision: settled.policyDecision,
    enforcement: reply.enforcement,
    arm,
    determining: [...evaluation.determining],
    policy_errors: evaluation.errors.map(({ policyId, message }) => ({ policy_id: policyId, message })),
    facts: jsonRecord(Object.entries(informed.facts)),
    ...(glass === undefined || informed.facts.breakGlass === undefined ? {} : underGlass(glass)),
    state_sequence: reply.state_sequence,
    bundle: reply.bundle,
    request_digest: reply.request_digest,
    evaluator: { name: bundle.evaluator.name, cedar_version: cedarVersion },
    disclosed: jsonRecord(disclose(informed.context, bundle.recordAllow)),
  };
}

/** What surrounds a call, as far as its error record tells it. */
export type ErrorScope = Pick<CallScope, 'caller' | 'transport' | 'trace'>;

/**
 * The small record of an authenticated call that could not be decided. What is no identifier is left out.
 * @param call absent where it could not even be read.
 */
export function errorEntry(
  call: AuthorizeCall | undefined,
  scope: ErrorScope,
  error: PdpError,
  decisionId: string,
  at: number,
): ErrorEntry {
  return {
    kind: 'error',
    ...common(call, scope, decisionId, at),
    store: ownStore(call, scope.caller),
    principal: recordable(call?.principal),
    action: recordable(call?.action),
    resource: recordable(call?.resource),
    error: { code: error.code, field: publicError(error).field ?? null },
  };
}

/**
 * An upper bound, in bytes, of what a record takes in the spool. The input stands there once in base64 (4 bytes for a UTF-16
 * unit at most), and identifiers and disclosed values of it once more as escaped text (6 bytes).
 */
export function recordBytes(entry: RecordEntry, input: string): number {
  return FIXED_BYTES + 10 * input.length + 6 * explanationUnits(entry);
}

/** Members of bounded length: identifiers that transports bound, digests, times, names. */
const FIXED_BYTES = 16_384;

function explanationUnits(entry: RecordEntry): number {
  if (entry.kind === 'error' || entry.kind === 'administration') return 0;
  if (entry.kind === 'run') return jsonText(entry.labels).length;
  if (entry.kind === 'flip') return jsonText(entry.flip).length;
  if (entry.kind === 'break_glass_report') return jsonText([entry.glass, entry.report]).length;
  if (entry.kind === 'outcome') return jsonText(entry.outcome).length;
  if (entry.kind === 'change') {
    const { state, entities = null, glass = null, approval = null } = entry;

    return entry.reason.length + jsonText([state, entities, glass, approval]).length;
  }

  let units = entry.message.length;
  for (const obligation of entry.obligations ?? []) units += jsonText(obligation).length;
  for (const alternative of entry.alternatives ?? []) units += alternative.length;
  if (entry.limits !== undefined) units += jsonText(entry.limits).length;
  if (entry.limits !== undefined || Object.hasOwn(entry.facts, 'run')) units += jsonText(entry.facts).length;
  if (entry.labels_taken !== undefined) units += jsonText(entry.labels_taken).length;
  for (const id of entry.determining) units += id.length;
  for (const code of entry.policy_codes) units += code.length;
  for (const { policy_id, message } of entry.policy_errors) units += policy_id.length + message.length;

  return units;
}

/** A run that begins or ends, in the words of the log. */
export function runEntry(
  scope: ErrorScope,
  told: Pick<
    RunEntry,
    'request_id' | 'store' | 'principal' | 'action' | 'root_run_id' | 'labels' | 'steps'
  > & {
    readonly run: Pick<Run, 'run_id' | 'parent_run_id' | 'conversation_id'>;
  },
  recordId: string,
  at: number,
): RunEntry {
  const run = { ...told.run, step: 0n, tool_call_id: '', agent_id: '', tool_name: '' };

  return { kind: 'run', ...common(undefined, scope, recordId, at), ...told, run };
}

function common(call: AuthorizeCall | undefined, scope: ErrorScope, decisionId: string, at: number) {
  const { caller, trace, transport } = scope;

  return {
    decision_id: decisionId,
    time: new Date(at).toISOString(),
    transport,
    credential: { id: caller.credential_id ?? null, subject: caller.subject },
    request_id: call?.request_id ?? '',
    run: call?.run ?? null,
    mode: call?.mode ?? 'enforce',
    trace: { trace_id: trace.trace_id, parent_span_id: trace.parent_span_id ?? null },
  };
}

/** In whose log it stands. What a caller names counts only where its credential does: no tenant writes into another's log. */
function ownStore(call: AuthorizeCall | undefined, { stores }: Caller): string | null {
  const named = call?.policy_store ?? '';
  const [only = ALL_STORES] = stores;
  if (named !== '') return stores.includes(named) ? named : null;

  return stores.length === 1 && only !== ALL_STORES ? only : null;
}

/** The transports bound every other identifier; these three may be as long as a body. */
function recordable(uid: RawUid | undefined): RawUid | null {
  if (uid === undefined || uid.type === '' || uid.type.length + uid.id.length > LIMITS.identifier_bytes)
    return null;

  return uidOf(uid);
}

function underGlass({ id }: OpenGlass): Pick<DecisionEntry, 'severity' | 'break_glass'> {
  return { severity: 'critical', break_glass: id };
}

function obligationOf({ id, params }: Obligation) {
  return { id, params: { ...params } };
}

function uidOf({ type, id }: RawUid): RawUid {
  return { type, id };
}

function jsonRecord(values: Iterable<readonly [string, Value]>): Record<string, JsonValue> {
  const members: (readonly [string, JsonValue])[] = [];
  for (const [name, value] of values) members.push([name, jsonOf(value)]);

  return Object.fromEntries(members);
}

/** A primitive is its own JSON; anything else is read back from its text, which knows all the escapes. */
function jsonOf(value: Value): JsonValue {
  return typeof value === 'object' ? (parseExactJson(writeValue(value)) as JsonValue) : value;
}
