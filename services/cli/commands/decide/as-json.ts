import type { AnsweredDecision } from '../../../bundles/answer.ts';
import { approvalData } from '../../../bundles/approvals/text.ts';
import type { ExplainedPolicy, Explanation } from '../../../bundles/explain.ts';
import type { ExplainedExpression } from '../../../engine/traced/explain.ts';
import { writeFields, writeValue } from '../../../engine/value/cedar-json.ts';
import { type JsonValue, parseExactJson } from '../../../ledger/json.ts';
import { plainJson } from '../../plain-json.ts';

/** The answer as data, with the names of the REST API; values are Cedar JSON. */
export function decisionJson({
  evaluation,
  verdict,
  informed,
  approval,
}: AnsweredDecision): Record<string, JsonValue> {
  return {
    decision: verdict.decision,
    cedar_decision: evaluation.decision,
    reason_code: verdict.reasonCode,
    message: verdict.message,
    ...(approval === undefined ? {} : { approval: plainJson(approvalData(approval)) }),
    obligations: verdict.obligations.map(({ id, params }) => ({ id, params: { ...params } })),
    alternatives: [...verdict.alternatives],
    determining: evaluation.determining,
    policy_codes: verdict.policyCodes,
    errors: evaluation.errors.map(({ policyId, message }) => ({ policy_id: policyId, message })),
    facts: exact(writeFields(new Map(Object.entries(informed.facts)))),
  };
}

export function explanationJson({ policies, excluded }: Explanation): JsonValue {
  return { policies: policies.map(policyJson), excluded: plainJson(excluded) };
}

function policyJson({ clauses, ...policy }: ExplainedPolicy): JsonValue {
  return {
    ...(plainJson(policy) as Record<string, JsonValue>),
    clauses: clauses.map(({ kind, expression }) => ({ kind, expression: expressionJson(expression) })),
  };
}

function expressionJson({ text, operator, outcome, operands }: ExplainedExpression): JsonValue {
  const below = { operands: operands.map(expressionJson) };
  if (outcome === undefined) return { text, operator, outcome: 'not_reached', ...below };
  if (outcome.kind === 'error')
    return { text, operator, outcome: 'error', message: outcome.message, ...below };

  return { text, operator, outcome: 'value', value: exact(writeValue(outcome.value)), ...below };
}

function exact(json: string): JsonValue {
  return parseExactJson(json) as JsonValue;
}
