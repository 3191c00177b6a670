import type { Policy } from '../../engine/policy.ts';
import { LINKS_PATH } from '../files.ts';
import { attributeOf, clausesOf, memberOf, type Node, operandsOf, partsOf } from '../lint/expression.ts';
import { headOf, type ParsedPolicy } from '../policies.ts';
import type { Problems } from '../problems.ts';
import type { Lattice } from './lattice.ts';

/**
 * Checks that the labels which policies look for are in the lattice: of another, no run would ever have it, and a forbid that asks for it
 * would never match. What a policy computes is not seen.
 */
export function checkLabelNames(
  policies: readonly Policy[],
  parsed: readonly ParsedPolicy[],
  lattice: Lattice,
  problems: Problems,
): void {
  const byId = new Map(parsed.map((policy) => [policy.id, policy]));
  for (const { id, condition } of policies) {
    if (!condition.shape.includes('"labels"')) continue;
    const names = clausesOf(condition).flatMap(({ body }) => labelsIn(body));
    for (const name of new Set(names)) {
      if (lattice.has(name)) continue;
      const message = `${id} looks for the label ${JSON.stringify(name)}, which is not in the lattice`;
      const place = byId.get(id);
      const options = { policyId: id };
      if (place === undefined) problems.of(LINKS_PATH, 'label_invalid', message, options);
      else problems.at(place.source, headOf(place), 'label_invalid', message, options);
    }
  }
}

const ASKS: ReadonlySet<string> = new Set(['contains', 'containsAll', 'containsAny']);

/** The literals that `context.pdp.run.labels` is asked for. */
function labelsIn(node: Node): readonly string[] {
  const [operator, body] = partsOf(node);
  const below = operandsOf(operator, body).flatMap(labelsIn);
  if (!ASKS.has(operator) || pathOf(memberOf(body, 'left')) !== 'context.pdp.run.labels') return below;

  return [...below, ...literalsIn(memberOf(body, 'right'))];
}

function literalsIn(node: Node): readonly string[] {
  const [operator, body] = partsOf(node);
  if (operator === 'Value') return [body].flat().filter((value) => typeof value === 'string');

  return operator === 'Set' ? operandsOf(operator, body).flatMap(literalsIn) : [];
}

function pathOf(node: Node): string | undefined {
  const [operator, body] = partsOf(node);
  if (operator === 'Var') return String(body);
  const before = operator === '.' ? pathOf(memberOf(body, 'left')) : undefined;

  return before === undefined ? undefined : `${before}.${attributeOf(body)}`;
}
