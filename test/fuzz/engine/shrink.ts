import { type Exact, isObject, parseExact } from '../exact-json.ts';
import type { FuzzPolicy } from './random-policy.ts';
import { smaller } from './tree.ts';
import type { Asked, World } from './world.ts';

/** One request with everything that it was judged by. */
export interface Case extends Pick<World, 'schemaText' | 'schema'> {
  readonly policies: readonly FuzzPolicy[];
  readonly entities: string;
  readonly asked: Asked;
}

/** Steps that are tried at most: each judges a case anew, which takes a few milliseconds. */
const MAX_STEPS = 5_000;

/** Takes away what a case does not need to stay interesting: policies, clauses, expressions, entities, attributes. */
export function shrink(start: Case, isInteresting: (one: Case) => boolean): Case {
  let smallest = start;
  let steps = 0;
  for (let shrunk: Case | undefined = start; shrunk !== undefined; ) {
    smallest = shrunk;
    shrunk = undefined;
    for (const less of reduced(smallest)) {
      steps += 1;
      if (steps > MAX_STEPS) return smallest;
      if (!isInteresting(less)) continue;
      shrunk = less;
      break;
    }
  }

  return smallest;
}

/** The case with one thing less, large things first. */
function* reduced(one: Case): Generator<Case> {
  for (const policies of fewer(one.policies)) yield { ...one, policies };
  for (const entities of smallerJson(one.entities)) yield { ...one, entities };
  for (const [index, policy] of one.policies.entries()) {
    for (const less of smallerPolicies(policy)) yield { ...one, policies: one.policies.with(index, less) };
  }
  for (const context of smallerJson(one.asked.context)) yield { ...one, asked: { ...one.asked, context } };
}

function* fewer<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let size = items.length >> 1; size > 1; size >>= 1) {
    for (let from = 0; from < items.length; from += size) yield items.toSpliced(from, size);
  }
  for (const index of items.keys()) yield items.toSpliced(index, 1);
}

function* smallerPolicies(policy: FuzzPolicy): Generator<FuzzPolicy> {
  const { link, ...rest } = policy;
  // A template is its own, or what is taken from one link would be taken from all.
  const own =
    link === undefined ? policy : { ...policy, link: { ...link, templateId: `template of ${policy.id}` } };

  if (link !== undefined) {
    yield {
      ...rest,
      principal: withoutSlot(rest.principal, 'principal'),
      resource: withoutSlot(rest.resource, 'resource'),
    };
  }
  for (const clauses of fewer(policy.clauses)) yield { ...own, clauses };
  for (const name of ['principal', 'action', 'resource'] as const) {
    if (policy[name] !== name && !policy[name].includes('?')) yield { ...own, [name]: name };
  }
  for (const [index, clause] of policy.clauses.entries()) {
    for (const body of smaller(clause.body))
      yield { ...own, clauses: policy.clauses.with(index, { ...clause, body }) };
  }
}

function withoutSlot(head: string, variable: string): string {
  return head.includes('?') ? variable : head;
}

function* smallerJson(text: string): Generator<string> {
  for (const less of smallerValues(parseExact(text))) yield JSON.stringify(less);
}

function* smallerValues(value: Exact): Generator<Exact> {
  if (isList(value)) {
    for (const less of fewer(value)) yield less;
    for (const [index, element] of value.entries()) {
      for (const less of smallerValues(element)) yield value.with(index, less);
    }
  } else if (isObject(value)) {
    const members = Object.entries(value);
    for (const less of fewer(members)) yield Object.fromEntries(less);
    for (const [index, [name, member]] of members.entries()) {
      for (const less of smallerValues(member)) yield Object.fromEntries(members.with(index, [name, less]));
    }
  }
}

function isList(value: Exact): value is readonly Exact[] {
  return Array.isArray(value);
}
