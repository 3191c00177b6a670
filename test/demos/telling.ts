import type { JsonMembers, LimitState, Reply } from './agent/messages.ts';
import type { LoggedDecision, ToolCall } from './demo.ts';
import type { Narrator } from './narrator.ts';

/** Says what is asked. */
export function tellCall(narrator: Narrator, { principal, action, resource, context }: ToolCall): void {
  const input = context?.['input'];
  const words = [principal, action, resource, ...(input === undefined ? [] : [JSON.stringify(input)])];
  narrator.detail('asked', words.join(' '));
}

/** Says what was answered, and why. */
export function tellAnswer(narrator: Narrator, reply: Reply, { determining, process }: LoggedDecision): void {
  const {
    decision = '',
    reason_code,
    message,
    obligations = [],
    alternatives = [],
    limits = [],
    approval,
  } = reply;
  const again = reply.replayed === true ? ', told again' : '';
  narrator.detail('answered', `${decision.toLowerCase()}, ${reason_code}, by ${process.process_id}${again}`);
  if (determining.length > 0) narrator.detail('because of', determining.join(', '));
  if (message) narrator.detail('told', message);
  for (const alternative of alternatives) narrator.detail('instead', alternative);
  for (const { id } of obligations) narrator.detail('obliged to', id);
  if (approval) narrator.detail('approval', `${approval.approval_id} is ${approval.status}`);
  for (const limit of limits) narrator.detail('limit', limitText(limit));
  const seconds = Math.ceil(Number(reply.retry_after_ms ?? 0) / 1_000);
  if (seconds > 0) narrator.detail('again', `in ${seconds} s at the earliest`);
}

/** Says what a report came to. */
export function tellReport(narrator: Narrator, report: JsonMembers, { limits = [] }: Reply): void {
  narrator.detail('reports', JSON.stringify(report));
  for (const { name, reserved, charged } of limits) {
    narrator.detail('limit', `${name}: ${reserved} reserved, ${charged} charged`);
  }
}

/** Says how many answers there were of each kind. */
export function tellCounts(narrator: Narrator, counts: Readonly<Record<string, number>>): void {
  const texts = Object.entries(counts).map(([code, count]) => `${count} × ${code}`);
  narrator.detail('answered', texts.join(', '));
}

/** What a run was marked by, behind its name. */
export function markedBy(labels: readonly string[]): string {
  return labels.length === 0 ? '' : `, marked by ${labels.join(', ')}`;
}

function limitText({ name, used, max, resets_at }: LimitState): string {
  const free =
    resets_at === null
      ? ''
      : `, some of it free again at ${new Date(Number(resets_at.seconds) * 1_000).toISOString()}`;

  return `${name}: ${used} of ${max} used${free}`;
}
