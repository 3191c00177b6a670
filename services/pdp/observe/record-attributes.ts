import { type JsonValue, jsonText } from '../../ledger/json.ts';
import type { DecisionEntry, ErrorEntry, RecordEntry } from '../../ledger/record.ts';
import type { TelemetryAttributes } from '../../telemetry/attributes.ts';

/** Longest text of an attribute, in UTF-16 units, and most members of a list: a span is no record. */
const TEXT_UNITS = 256;
const LIST_MEMBERS = 32;
const JSON_UNITS = 4_096;

/** The index part of a record as attributes: what a span and a log event tell of a decision or of an error. */
export function recordAttributes(entry: RecordEntry): TelemetryAttributes {
  const attributes: TelemetryAttributes = {
    'palisade.decision_id': entry.decision_id,
    'palisade.subject': entry.credential.subject,
    'palisade.transport': entry.transport,
    'palisade.mode': entry.mode,
  };
  addText(attributes, 'palisade.store', entry.store);
  addText(attributes, 'palisade.request_id', entry.request_id);
  addText(attributes, 'palisade.principal', uidText(entry.principal));
  addText(attributes, 'palisade.action', uidText(entry.action));
  addText(attributes, 'palisade.resource', uidText(entry.resource));
  if (entry.run !== null) addRun(attributes, entry.run);
  if (entry.kind === 'decision') addDecision(attributes, entry);
  else addError(attributes, entry);

  return attributes;
}

function addRun(attributes: TelemetryAttributes, run: NonNullable<RecordEntry['run']>): void {
  addText(attributes, 'palisade.run_id', run.run_id);
  addText(attributes, 'gen_ai.agent.id', run.agent_id);
  addText(attributes, 'gen_ai.tool.name', run.tool_name);
  addText(attributes, 'gen_ai.tool.call.id', run.tool_call_id);
  addText(attributes, 'gen_ai.conversation.id', run.conversation_id);
}

function addDecision(attributes: TelemetryAttributes, entry: DecisionEntry): void {
  const { bundle, evaluator } = entry;
  attributes['palisade.decision'] = entry.decision;
  attributes['palisade.reason_code'] = entry.reason_code;
  attributes['palisade.cedar_decision'] = entry.cedar_decision;
  attributes['palisade.enforcement'] = entry.enforcement;
  attributes['palisade.bundle.name'] = bundle.name;
  attributes['palisade.bundle.version'] = bundle.version;
  attributes['palisade.bundle.digest'] = bundle.digest;
  // A deployment's number; a double holds any that will ever be.
  attributes['palisade.state_sequence'] = Number(entry.state_sequence);
  attributes['palisade.request_digest'] = entry.request_digest;
  attributes['palisade.evaluator'] = `${evaluator.name} ${evaluator.cedar_version}`;
  attributes['palisade.determining_policies'] = list(entry.determining);
  attributes['palisade.policy_codes'] = list(entry.policy_codes);
  attributes['palisade.policy_errors'] = list(entry.policy_errors.map(({ policy_id }) => policy_id));
  addText(attributes, 'palisade.message', entry.message);
  addJson(attributes, 'palisade.facts', entry.facts);
  addJson(attributes, 'palisade.disclosed', entry.disclosed);
}

function addError(attributes: TelemetryAttributes, { error }: ErrorEntry): void {
  attributes['error.type'] = error.code;
  addText(attributes, 'palisade.error.field', error.field);
}

type TextName = {
  [Name in keyof TelemetryAttributes]-?: string extends TelemetryAttributes[Name] ? Name : never;
}[keyof TelemetryAttributes];

/** Adds nothing where the text is absent or empty. */
function addText(attributes: TelemetryAttributes, name: TextName, value: string | null): void {
  if (value) attributes[name] = cut(value);
}

function addJson(
  attributes: TelemetryAttributes,
  name: TextName,
  members: Readonly<Record<string, JsonValue>>,
): void {
  if (Object.keys(members).length > 0) attributes[name] = cut(jsonText(members), JSON_UNITS);
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
