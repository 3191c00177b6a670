import { describe, test } from 'vitest';
import { LIMITS } from '../../services/engine/limits.ts';
import { chain, entities, PERMIT, policy, receipt, schema, when } from './bundle-changes.ts';
import { expectRefused, type Refusal } from './check-bundle.ts';

describe('check refuses', () => {
  test.each<Refusal>([
    [
      'nested parentheses',
      when(`${'('.repeat(130)}true${')'.repeat(130)}`),
      'policy_too_deep',
      /expression_nesting/,
    ],
    [
      'nested sets',
      when(`${'['.repeat(70)}${']'.repeat(70)} == []`),
      'policy_too_deep',
      /expression_nesting/,
    ],
    [
      'nested conditionals',
      when(`${'if true then true else '.repeat(400)}true`),
      'policy_too_deep',
      /expression_nesting/,
    ],
    [
      'nested negations',
      when(`${'!('.repeat(63)}!!!resource.public${')'.repeat(63)}`),
      'policy_too_deep',
      /expression_nesting|nested/,
    ],
    ['a long chain of or', when(chain('||', 300, 'resource.public')), 'policy_too_deep', /operator_chain/],
    ['a long chain of and', when(chain('&&', 300, 'resource.public')), 'policy_too_deep', /operator_chain/],
    [
      'a chain that traps Cedar when it is parsed',
      when(`${Array(15_000).fill('1').join('+')} == 1`),
      'policy_traps',
      /too deep/,
    ],
    [
      'many clauses',
      policy(`@id("a") ${PERMIT}${' when { resource.public }'.repeat(300)};`),
      'policy_too_deep',
      /operator_chain/,
    ],
    [
      'chains in chains',
      when(
        Array(4)
          .fill(0)
          .reduce((inner: string) => `(${inner} || ${chain('||', 80, 'resource.public')}) && true`, 'true'),
      ),
      'policy_too_deep',
      /expression_depth/,
    ],
    [
      'a policy over its size',
      when(`"${'a'.repeat(LIMITS.policy_bytes)}" == ""`),
      'policy_too_large',
      /policy_bytes/,
    ],
    [
      'too many unanchored policies',
      policy(
        Array.from({ length: LIMITS.unanchored_policies + 1 }, (_, at) => `@id("u${at}") ${PERMIT};`).join(
          '\n',
        ),
      ),
      'limit_exceeded',
      /unanchored_policies/,
    ],
    [
      'an action that selects too many',
      policy(
        Array.from(
          { length: LIMITS.slice_policies + 1 },
          (_, at) => `@id("u${at}") permit(principal, action == Action::"edit", resource);`,
        ).join('\n'),
      ),
      'limit_exceeded',
      /slice_policies/,
    ],
    [
      'a policy that names too many entities',
      {
        ...entities(...Array.from({ length: LIMITS.reached_entities + 1 }, (_, at) => receipt(`n${at}`))),
        ...when(
          `resource in [${Array.from({ length: LIMITS.reached_entities + 1 }, (_, at) => `Receipt::"n${at}"`)}]`,
        ),
      },
      'limit_exceeded',
      /reached_entities/,
    ],
    [
      'an entity from which too much is reached',
      {
        ...schema('entity Shelf { all: Set<Receipt> };'),
        ...entities(
          ...Array.from({ length: LIMITS.reached_entities }, (_, at) => receipt(`n${at}`)),
          `{"uid": {"type": "Shelf", "id": "s"}, "parents": [], "attrs": {"all": [${Array.from({ length: LIMITS.reached_entities }, (_, at) => `{"type": "Receipt", "id": "n${at}"}`)}]}}`,
        ),
      },
      'limit_exceeded',
      /Shelf.*evaluation_weight/,
    ],
  ])('%s', expectRefused);
});
