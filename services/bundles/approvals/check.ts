import { clausesOf, type Est } from '../../engine/compiled/shape.ts';
import { declaredFacts, FACTS_ATTRIBUTE } from '../../engine/facts/assert.ts';
import type { Policy } from '../../engine/policy.ts';
import type { RawUid } from '../../engine/raw/raw.ts';
import type { ActionType, Schema } from '../../engine/schema/schema.ts';
import type { EntitySource } from '../compile.ts';
import { LINKS_PATH } from '../files.ts';
import { createApplicability } from '../lint/applicable.ts';
import { isNormalId, NOT_NORMAL } from '../normal-form.ts';
import { headOf, type ParsedPolicy } from '../policies.ts';
import type { Problems } from '../problems.ts';

const FACT = 'approval';
const ENDING = `must end in unless { context.${FACTS_ATTRIBUTE} has ${FACT} }`;

/**
 * Checks that an approval does what its policy promises: the fact alone makes the forbid yield, every action that it applies to can have
 * the fact, and there can be somebody who approves.
 */
export function checkApprovals(
  policies: readonly Policy[],
  parsed: readonly ParsedPolicy[],
  { schema, sources }: { readonly schema: Schema; readonly sources: Readonly<Record<string, EntitySource>> },
  problems: Problems,
): void {
  const asking = policies.filter(({ approval }) => approval !== undefined);
  if (asking.length === 0) return;

  const byId = new Map(parsed.map((policy) => [policy.id, policy]));
  const applicability = createApplicability(schema);

  for (const { id, approval, condition, scope } of asking) {
    const found = [
      yieldsToApproval(condition.shape) ? undefined : `a policy with @approval ${ENDING}`,
      approval === undefined ? undefined : groupProblem(approval.group, schema, sources),
      ...[...applicability.of(scope).actions].map((key) => factProblem(schema.actions.get(key))),
    ];
    for (const message of found) if (message !== undefined) report(id, message);
  }

  function report(id: string, message: string): void {
    const place = byId.get(id);
    const options = { policyId: id };
    if (place === undefined) problems.of(LINKS_PATH, 'link_invalid', `${id}: ${message}`, options);
    else problems.at(place.source, headOf(place), 'policy_annotation', message, options);
  }
}

/**
 * Whether the last clause of a condition is `unless { context.pdp has approval }`. What follows it behind `&&` can only keep the forbid
 * from yielding.
 */
export function yieldsToApproval(shape: string): boolean {
  const last = clausesOf(shape).at(-1);
  if (last?.kind !== 'unless') return false;

  let first = last.body;
  for (let both = first['&&']; isNode(both); both = first['&&']) first = both['left'] as Est;
  const has = first['has'];
  const pdp = isNode(has) && has['attr'] === FACT ? has['left'] : undefined;
  const path = isNode(pdp) ? pdp['.'] : undefined;
  if (!isNode(path) || path['attr'] !== FACTS_ATTRIBUTE) return false;
  const { left } = path as { readonly left?: unknown };

  return isNode(left) && left['Var'] === 'context';
}

function factProblem(action: ActionType | undefined): string | undefined {
  if (action === undefined || declaredFacts(action).includes(FACT)) return undefined;

  return `applies to ${action.uid.key}, which does not declare ${FACTS_ATTRIBUTE}.${FACT}: it could never be approved`;
}

/** Membership is never taken from a request: whoever asks would choose who approves. */
function groupProblem(
  { type, id }: RawUid,
  { entityTypes }: Schema,
  sources: Readonly<Record<string, EntitySource>>,
): string | undefined {
  if (!entityTypes.has(type)) return `@approval names ${type}, which the schema does not declare`;
  if (!isNormalId(id)) return `the group of @approval ${NOT_NORMAL}`;

  const members = [...entityTypes.values()].filter(
    ({ name, ancestorTypes }) => name === type || ancestorTypes.has(type),
  );
  if (members.some(({ name }) => (sources[name] ?? 'bundle') !== 'request')) return undefined;

  return `nobody that the bundle or the store knows can be in ${type}: who approves is never taken from a request`;
}

function isNode(value: unknown): value is Est {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
