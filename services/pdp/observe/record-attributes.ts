import { type JsonValue, jsonText } from '../../ledger/json.ts';
import type { DecisionEntry, ErrorEntry, RecordEntry } from '../../ledger/record.ts';
import type { TelemetryAttributes } from '../../telemetry/attributes.ts';

/** Longest text of an attribute, in UTF-16 units, and most members of a list: a span is no record. */
const TEXT_UNITS = 256;
const LIST_MEMBERS = 32;
const JSON_UNITS = 4_096;

/** The index part of a record as attributes: what a span and a log event tell of a decision or of an error. */
export function recordAttributes(entry: RecordEntry): TelemetryAttributes {
  return entry.kind === 'decision'
    ? { ...commonAttributes(entry), ...decisionAttributes(entry) }
    : { ...commonAttributes(entry), ...errorAttributes(entry) };
}

function commonAttributes(entry: RecordEntry): TelemetryAttributes {
  const { run } = entry;

  return {
    'palisade.decision_id': entry.decision_id,
    'palisade.subject': entry.credential.subject,
    'palisade.transport': entry.transport,
    'palisade.mode': entry.mode,
    ...text('palisade.store', entry.store),
    ...text('palisade.request_id', entry.request_id),
    ...text('palisade.principal', uidText(entry.principal)),
    ...text('palisade.action', uidText(entry.action)),
    ...text('palisade.resource', uidText(entry.resource)),
    ...text('palisade.run_id', run?.run_id),
    ...text('gen_ai.agent.id', run?.agent_id),
    ...text('gen_ai.tool.name', run?.tool_name),
    ...text('gen_ai.tool.call.id', run?.tool_call_id),
    ...text('gen_ai.conversation.id', run?.conversation_id),
  };
}

function decisionAttributes(entry: DecisionEntry): TelemetryAttributes {
  const { bundle, evaluator, policy_errors } = entry;

  return {
    'palisade.decision': entry.decision,
    'palisade.reason_code': entry.reason_code,
    'palisade.cedar_decision': entry.cedar_decision,
    'palisade.enforcement': entry.enforcement,
    'palisade.bundle.name': bundle.name,
    'palisade.bundle.version': bundle.version,
    'palisade.bundle.digest': bundle.digest,
    // A deployment's number; a double holds any that will ever be.
    'palisade.state_sequence': Number(entry.state_sequence),
    'palisade.request_digest': entry.request_digest,
    'palisade.evaluator': `${evaluator.name} ${evaluator.cedar_version}`,
    'palisade.determining_policies': list(entry.determining),
    'palisade.policy_codes': list(entry.policy_codes),
    'palisade.policy_errors': list(policy_errors.map(({ policy_id }) => policy_id)),
    ...text('palisade.message', entry.message),
    ...json('palisade.facts', entry.facts),
    ...json('palisade.disclosed', entry.disclosed),
  };
}

function errorAttributes({ error }: ErrorEntry): TelemetryAttributes {
  return { 'error.type': error.code, ...text('palisade.error.field', error.field) };
}

type TextName = {
  [Name in keyof TelemetryAttributes]-?: string extends TelemetryAttributes[Name] ? Name : never;
}[keyof TelemetryAttributes];

/** Nothing, where the text is absent or empty. */
function text(name: TextName, value: string | null | undefined): TelemetryAttributes {
  return value ? { [name]: cut(value) } : {};
}

function json(name: TextName, members: Readonly<Record<string, JsonValue>>): TelemetryAttributes {
  return Object.keys(members).length === 0 ? {} : { [name]: cut(jsonText(members), JSON_UNITS) };
}

function list(members: readonly string[]): string[] {
  return members.slice(0, LIST_MEMBERS).map((member) => cut(member));
}

function cut(value: string, units = TEXT_UNITS): string {
  return value.length > units ? `${value.slice(0, units - 1)}…`.toWellFormed() : value;
}

function uidText(uid: { readonly type: string; readonly id: string } | null): string | null {
  return uid === null ? null : `${uid.type}::${JSON.stringify(uid.id)}`;
}
