import type { ExplainedPart, ExplainedPolicy, Explanation } from '../../../bundles/explain.ts';
import { valueText } from '../../../engine/traced/cedar-text.ts';
import type { ExplainedClause, ExplainedExpression } from '../../../engine/traced/explain.ts';
import { shorten } from '../../shorten.ts';

const MAX_TEXT = 100;
const MAX_VALUE = 80;
const MAX_WITHIN = 8;
/** What their operands are is said in lines of their own. */
const JUNCTIONS: ReadonlySet<string> = new Set(['&&', '||', 'if-then-else']);
/** Operands behind the one that settled it are told in one line where there are more. */
const FEW = 2;

/** The explanation as a tree of lines, each expression above the operands that made it what it is. */
export function treeLines({ policies, excluded }: Explanation): string[] {
  return [...policies.flatMap((policy) => ['', ...policyLines(policy)]), '', excludedText(excluded)];
}

function excludedText({ total, principal, action, resource }: Explanation['excluded']): string {
  if (total === 0) return 'No policy is excluded by its scope.';
  const counts = `${action} by action, ${principal} by principal, ${resource} by resource`;

  return `Excluded by their scope: ${total} (${counts}; one can be excluded by several).`;
}

const OUTCOMES = {
  matched: 'matches',
  not_matched: 'does not match',
  failed: 'fails',
  excluded: 'is excluded by its scope',
} as const satisfies Record<ExplainedPolicy['outcome'], string>;

function policyLines(policy: ExplainedPolicy): string[] {
  const { policy_id, template_id, effect, file, line, scope, outcome, determining, clauses } = policy;
  const link = template_id === undefined ? '' : `, a link of ${template_id}`;
  const decides = determining ? ', and decides' : '';

  return [
    `${effect} ${policy_id} (${file}:${line}${link}) ${OUTCOMES[outcome]}${decides}`,
    ...scope.flatMap(partLines),
    ...clauses.flatMap(clauseLines),
    ...(outcome !== 'excluded' && clauses.length === 0 ? ['  it has no conditions'] : []),
  ];
}

/** What names nothing excludes nothing, and needs no line. */
function partLines({ text, matches, value, within }: ExplainedPart): string[] {
  if (/^\w+$/.test(text)) return [];
  const above =
    within.length === 0
      ? ''
      : `, in ${within.slice(0, MAX_WITHIN).join(', ')}${within.length > MAX_WITHIN ? ` and ${within.length - MAX_WITHIN} more` : ''}`;

  return [`  ${shorten(text, MAX_TEXT)} → ${matches}  (it is ${shorten(value, MAX_VALUE)}${above})`];
}

function clauseLines({ kind, expression }: ExplainedClause): string[] {
  const { outcome } = expression;
  const holds =
    outcome?.kind === 'value' && typeof outcome.value === 'boolean'
      ? `: ${outcome.value === (kind === 'when') ? 'holds' : 'does not hold'}`
      : '';

  return [`  ${kind}${holds}`, ...expressionLines(expression, '    ')];
}

function expressionLines(expression: ExplainedExpression, indent: string): string[] {
  const { operands } = expression;
  const line = `${indent}${shorten(expression.text, MAX_TEXT)} → ${outcomeText(expression)}`;
  if (operands.length === 0 || expression.outcome === undefined) return [line];
  if (operands.every(isValue) && !JUNCTIONS.has(expression.operator)) {
    const values = operands.map((one) => `${shorten(one.text, MAX_TEXT)} is ${outcomeText(one)}`);
    return [`${line}  (${values.join(', ')})`];
  }

  const rest = operands.filter(({ outcome }) => outcome === undefined);
  const shown = rest.length > FEW ? operands.filter((one) => !rest.includes(one)) : operands;

  return [
    line,
    ...shown.flatMap((one) => expressionLines(one, `${indent}  `)),
    ...(rest.length > FEW ? [`${indent}  … and ${rest.length} more that were not reached`] : []),
  ];
}

/** Whether a value of its own, and nothing below, is all there is to say. */
function isValue({ operands, outcome }: ExplainedExpression): boolean {
  return operands.length === 0 && outcome?.kind === 'value';
}

function outcomeText({ outcome, operands }: ExplainedExpression): string {
  if (outcome === undefined) return 'not reached';
  if (outcome.kind === 'value') return shorten(valueText(outcome.value), MAX_VALUE);

  // The reason stands where it began.
  return operands.some((one) => one.outcome?.kind === 'error') ? 'error' : `error: ${outcome.message}`;
}
