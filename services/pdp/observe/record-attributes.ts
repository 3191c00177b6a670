import { type JsonValue, jsonText } from '../../ledger/json.ts';
import type { DecisionEntry, ErrorEntry } from '../../ledger/record.ts';
import type { AttributeSink, TextName, TextsName } from '../../telemetry/attribute-sink.ts';

/** Longest text of an attribute, in UTF-16 units, and most members of a list: a span is no record. */
const TEXT_UNITS = 256;
const LIST_MEMBERS = 32;
const JSON_UNITS = 4_096;

/** Says the index part of a record: what a span and a log event tell of a decision or of an error. */
export function describeRecord(entry: DecisionEntry | ErrorEntry, sink: AttributeSink): void {
  sink.text('palisade.decision_id', entry.decision_id);
  sink.text('palisade.subject', entry.credential.subject);
  sink.text('palisade.transport', entry.transport);
  sink.text('palisade.mode', entry.mode);
  addText(sink, 'palisade.store', entry.store);
  addText(sink, 'palisade.request_id', entry.request_id);
  addText(sink, 'palisade.principal', uidText(entry.principal));
  addText(sink, 'palisade.action', uidText(entry.action));
  addText(sink, 'palisade.resource', uidText(entry.resource));
  if (entry.run !== null) addRun(sink, entry.run);
  if (entry.kind === 'decision') addDecision(sink, entry);
  else addError(sink, entry);
}

function addRun(sink: AttributeSink, run: NonNullable<ErrorEntry['run']>): void {
  addText(sink, 'palisade.run_id', run.run_id);
  addText(sink, 'gen_ai.agent.id', run.agent_id);
  addText(sink, 'gen_ai.tool.name', run.tool_name);
  addText(sink, 'gen_ai.tool.call.id', run.tool_call_id);
  addText(sink, 'gen_ai.conversation.id', run.conversation_id);
}

function addDecision(sink: AttributeSink, entry: DecisionEntry): void {
  const { bundle, evaluator } = entry;
  sink.text('palisade.decision', entry.decision);
  sink.text('palisade.reason_code', entry.reason_code);
  sink.text('palisade.cedar_decision', entry.cedar_decision);
  sink.text('palisade.enforcement', entry.enforcement);
  addText(sink, 'palisade.policy_decision', entry.policy_decision ?? null);
  addText(sink, 'palisade.arm', entry.arm ?? null);
  addText(sink, 'palisade.severity', entry.severity ?? null);
  addText(sink, 'palisade.break_glass', entry.break_glass ?? null);
  sink.text('palisade.bundle.name', bundle.name);
  sink.text('palisade.bundle.version', bundle.version);
  sink.text('palisade.bundle.digest', bundle.digest);
  sink.text('palisade.request_digest', entry.request_digest);
  sink.text('palisade.evaluator', `${evaluator.name} ${evaluator.cedar_version}`);
  addText(sink, 'palisade.message', entry.message);
  addJson(sink, 'palisade.facts', entry.facts);
  addJson(sink, 'palisade.disclosed', entry.disclosed);
  // A deployment's number; a double holds any that will ever be.
  sink.int('palisade.state_sequence', Number(entry.state_sequence));
  addTexts(sink, 'palisade.determining_policies', entry.determining);
  addTexts(sink, 'palisade.policy_codes', entry.policy_codes);
  const failed = entry.policy_errors;
  if (failed.length > 0)
    addTexts(
      sink,
      'palisade.policy_errors',
      failed.map(({ policy_id }) => policy_id),
    );
}

function addError(sink: AttributeSink, { error }: ErrorEntry): void {
  sink.text('error.type', error.code);
  addText(sink, 'palisade.error.field', error.field);
}

/** Adds nothing where the text is absent or empty. */
function addText(sink: AttributeSink, name: TextName, value: string | null): void {
  if (value) sink.text(name, cut(value));
}

function addJson(sink: AttributeSink, name: TextName, members: Readonly<Record<string, JsonValue>>): void {
  if (Object.keys(members).length > 0) sink.text(name, cut(jsonText(members), JSON_UNITS));
}

/** Adds nothing where there are none. */
function addTexts(sink: AttributeSink, name: TextsName, members: readonly string[]): void {
  if (members.length > 0)
    sink.texts(
      name,
      members.slice(0, LIST_MEMBERS).map((member) => cut(member)),
    );
}

function cut(value: string, units = TEXT_UNITS): string {
  return value.length > units ? `${value.slice(0, units - 1)}…`.toWellFormed() : value;
}

function uidText(uid: { readonly type: string; readonly id: string } | null): string | null {
  return uid === null ? null : `${uid.type}::${JSON.stringify(uid.id)}`;
}
