import { describe, test } from 'vitest';
import { PERMIT, policy, when } from './bundle-changes.ts';
import { expectRefused, type Refusal } from './check-bundle.ts';

describe('check refuses', () => {
  test.each<Refusal>([
    [
      'a policy that does not parse',
      policy('@id("a")\npermit(principal action resource);'),
      'cedar_syntax',
      /unexpected token/,
    ],
    ['a policy without an end', policy(`@id("a") ${PERMIT}`), 'cedar_syntax', /unexpected end/],
    ['a policy without an id', policy(`${PERMIT};`), 'policy_id', /needs an @id/],
    ['an id without a value', policy(`@id ${PERMIT};`), 'policy_id', /1 to 128/],
    ['an id with other characters', policy(`@id("a b") ${PERMIT};`), 'policy_id', /1 to 128/],
    ['an id over 128 characters', policy(`@id("${'a'.repeat(129)}") ${PERMIT};`), 'policy_id', /1 to 128/],
    ['an id that another file has', policy(`@id("staff-view") ${PERMIT};`), 'policy_id', /used twice/],
    ['two ids', policy(`@id("a") @id("b") ${PERMIT};`), 'cedar_syntax', /duplicate annotation/],
    [
      'an approval that nobody asks for',
      policy(`@id("a") @approvers("two") ${PERMIT};`),
      'policy_annotation',
      /@approvers is not enforced/,
    ],
    [
      'an obligation that nobody carries out',
      policy(`@id("a") @obligation_log("x") ${PERMIT};`),
      'policy_annotation',
      /@obligation_log/,
    ],
    [
      'a limit that nobody counts',
      policy(`@id("a") @limit("5 per hour") ${PERMIT};`),
      'policy_annotation',
      /@limit/,
    ],
    [
      'an obligation on a forbid',
      policy('@id("a") @obligation("log") forbid(principal, action == Action::"list", resource);'),
      'policy_annotation',
      /on a permit alone/,
    ],
    [
      'an obligation that is not well formed',
      policy(`@id("a") @obligation("Log") ${PERMIT};`),
      'policy_annotation',
      /lower-case/,
    ],
    [
      'a path to redact that one of the actions has not',
      policy(`@id("a") @obligation("redact:amount") ${PERMIT};`),
      'policy_annotation',
      /redact:amount is no path of the context of Action::"edit"/,
    ],
    [
      'more different obligations than one reply has room for',
      policy(
        Array.from(
          { length: 65 },
          (_, index) =>
            `@id("o${index}") @obligation("log:${index}") permit(principal, action == Action::"list", resource);`,
        ).join('\n'),
      ),
      'policy_annotation',
      /more than 64/,
    ],
    [
      'an alternative on a permit',
      policy(`@id("a") @alternative("b") ${PERMIT};`),
      'policy_annotation',
      /on a forbid alone/,
    ],
    [
      'an empty alternative',
      policy('@id("a") @alternative forbid(principal, action == Action::"list", resource);'),
      'policy_annotation',
      /@alternative must/,
    ],
    ['an empty reason', policy(`@id("a") @reason ${PERMIT};`), 'policy_annotation', /@reason/],
    ['a code with spaces', policy(`@id("a") @code("a b") ${PERMIT};`), 'policy_annotation', /@code/],
    ['a call of unknown', when('unknown("x") == 1'), 'policy_construct', /unknown/],
    ['an attribute that there is not', when('resource.nope'), 'policy_invalid', /nope/],
    [
      'an unknown action',
      policy('@id("a") permit(principal, action == Action::"nope", resource);'),
      'policy_invalid',
      /nope/,
    ],
    [
      'an optional attribute that may be missing',
      policy('@id("a") permit(principal, action == Action::"list", resource) when { context.amount > 1 };'),
      'policy_invalid',
      /amount/,
    ],
    ['a policy that is impossible', when('1 == 2'), 'impossible_policy', /impossible/],
    [
      'a policy that no action fits',
      policy('@id("a") permit(principal is Group, action, resource);'),
      'no_applicable_action',
      /applicable action/,
    ],
  ])('%s', expectRefused);
});
