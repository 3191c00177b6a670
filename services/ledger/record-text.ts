import { type JsonValue, jsonText } from './json.ts';
import type {
  AdministrationEntry,
  ChangeEntry,
  DecisionEntry,
  ErrorEntry,
  GlassReportEntry,
  RecordEntry,
  RunEntry,
} from './record.ts';
import { RECORD_VERSION } from './record-parts.ts';

/**
 * Writes everything of a record's text but its place in the chain, which is known only when its group is written.
 *
 * Built by hand from parts because it runs once per decision; the property test holds it against the schema.
 * @param commitment to the input text, or null if none is kept.
 */
export function recordHead(entry: RecordEntry, commitment: string | null): string {
  return (
    `{"record_version":${RECORD_VERSION},"kind":"${entry.kind}","decision_id":${quote(entry.decision_id)},"time":${quote(entry.time)}` +
    `,"transport":"${entry.transport}","credential":{"id":${quote(entry.credential.id)},"subject":${quote(entry.credential.subject)}}` +
    `,"store":${quote(entry.store)},"request_id":${quote(entry.request_id)},"run":${runText(entry.run)},"mode":"${entry.mode}"` +
    bodyText(entry) +
    `,"trace":{"trace_id":${quote(entry.trace.trace_id)},"parent_span_id":${quote(entry.trace.parent_span_id)}}` +
    `,"commitment":${quote(commitment)}`
  );
}

function bodyText(entry: RecordEntry): string {
  if (entry.kind === 'decision') return parcText(entry) + verdictText(entry);
  if (entry.kind === 'error') return parcText(entry) + errorText(entry);
  if (entry.kind === 'administration') return parcText(entry) + administrationText(entry);
  if (entry.kind === 'run') return runRecordText(entry);
  if (entry.kind === 'break_glass_report') {
    return `,"glass":${jsonText(entry.glass)},"report":${jsonText(entry.report)}`;
  }
  if (entry.kind === 'flip') return `${parcText(entry)},"flip":${jsonText(entry.flip)}`;
  if (entry.kind === 'outcome') return `${parcText(entry)},"outcome":${jsonText(entry.outcome)}`;

  return changeText(entry);
}

function parcText({
  principal,
  action,
  resource,
}: Exclude<RecordEntry, ChangeEntry | RunEntry | GlassReportEntry>): string {
  return `,"principal":${uidText(principal)},"action":${uidText(action)},"resource":${uidText(resource)}`;
}

function changeText({ action, author, approved_by, proposal_id, reason, ...entry }: ChangeEntry): string {
  const { sequence, before, state, admin, evaluator, entities, glass, approval } = entry;
  const members = { action, author, approved_by, proposal_id, reason, sequence, before, state };

  const more = {
    ...(admin && { admin }),
    ...(evaluator && { evaluator }),
    ...(entities && { entities }),
    ...(glass && { glass }),
    ...(approval && { approval }),
  };

  return `,${jsonText({ ...members, ...more }).slice(1, -1)}`;
}

function runRecordText({ principal, action, root_run_id, labels, steps }: RunEntry): string {
  return `,${jsonText({ principal, action, root_run_id, labels, steps }).slice(1, -1)}`;
}

function administrationText(entry: AdministrationEntry): string {
  const { call, decision, reason_code, determining, bundle } = entry;

  return `,${jsonText({ call, decision, reason_code, determining, bundle }).slice(1, -1)}`;
}

function verdictText(entry: DecisionEntry): string {
  const { bundle, evaluator } = entry;
  return (
    `,"decision":"${entry.decision}","reason_code":${quote(entry.reason_code)}` +
    `,"policy_codes":${JSON.stringify(entry.policy_codes)},"message":${quote(entry.message)}` +
    optionalJson('obligations', entry.obligations) +
    optionalJson('alternatives', entry.alternatives) +
    optionalJson('limits', entry.limits) +
    optionalText('run_refusal', entry.run_refusal) +
    optionalJson('labels_taken', entry.labels_taken) +
    optionalJson('approval', entry.approval) +
    `,"cedar_decision":"${entry.cedar_decision}"${optionalText('policy_decision', entry.policy_decision)}` +
    `,"enforcement":"${entry.enforcement}"${optionalText('arm', entry.arm)}` +
    `,"determining":${JSON.stringify(entry.determining)},"policy_errors":${policyErrorsText(entry.policy_errors)}` +
    `,"facts":${jsonText(entry.facts)}${optionalText('severity', entry.severity)}` +
    `${optionalText('break_glass', entry.break_glass)},"state_sequence":${entry.state_sequence}` +
    `,"bundle":{"name":${quote(bundle.name)},"version":${quote(bundle.version)},"digest":${quote(bundle.digest)}}` +
    `,"request_digest":${quote(entry.request_digest)}` +
    `,"evaluator":{"name":${quote(evaluator.name)},"cedar_version":${quote(evaluator.cedar_version)}}` +
    `,"disclosed":${jsonText(entry.disclosed)}`
  );
}

function optionalText(name: string, value: string | undefined): string {
  return value === undefined ? '' : `,"${name}":"${value}"`;
}

function optionalJson(name: string, value: JsonValue | undefined): string {
  return value === undefined ? '' : `,"${name}":${jsonText(value)}`;
}

function errorText({ error }: ErrorEntry): string {
  return `,"error":{"code":${quote(error.code)},"field":${quote(error.field)}}`;
}

function runText(run: RecordEntry['run']): string {
  if (run === null) return 'null';

  return (
    `{"run_id":${quote(run.run_id)},"parent_run_id":${quote(run.parent_run_id)},"step":${run.step}` +
    `,"tool_call_id":${quote(run.tool_call_id)},"conversation_id":${quote(run.conversation_id)}` +
    `,"agent_id":${quote(run.agent_id)},"tool_name":${quote(run.tool_name)}}`
  );
}

function uidText(uid: ErrorEntry['principal']): string {
  return uid === null ? 'null' : `{"type":${quote(uid.type)},"id":${quote(uid.id)}}`;
}

function policyErrorsText(errors: DecisionEntry['policy_errors']): string {
  const items = errors.map(
    ({ policy_id, message }) => `{"policy_id":${quote(policy_id)},"message":${quote(message)}}`,
  );
  return `[${items.join(',')}]`;
}

function quote(text: string | null): string {
  return JSON.stringify(text);
}
