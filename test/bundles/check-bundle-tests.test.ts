import { describe, test } from 'vitest';
import { cedarTest, yamlTest } from './bundle-changes.ts';
import { expectRefused, type Refusal } from './check-bundle.ts';

describe('check refuses', () => {
  test.each<Refusal>([
    [
      'a test with an unknown key',
      yamlTest((text) => text.replace('description:', 'only: true\n  description:')),
      'test_invalid',
      /unknown key/,
    ],
    [
      'a test with an unknown fact',
      yamlTest((text) => text.replace('facts: { now', 'facts: { mood: 1, now')),
      'test_invalid',
      /mood/,
    ],
    [
      'a test with a bad entity',
      yamlTest((text) => text.replace('User::"a"', 'User::a')),
      'test_invalid',
      /must be an entity/,
    ],
    [
      'a test with a bad time',
      yamlTest((text) => text.replace('2026-11-22T10:00:00Z', 'today')),
      'test_invalid',
      /datetime/,
    ],
    [
      'a test that wants something else',
      yamlTest((text) => text.replace('decision: allow', 'decision: maybe')),
      'test_invalid',
      /allow or deny/,
    ],
    [
      'a test that fails',
      yamlTest((text) => text.replace('decision: allow', 'decision: deny')),
      'test_failed',
      /decision is allow, wanted deny/,
    ],
    [
      'a test with another reason',
      yamlTest((text) => text.replace('permitted', 'forbidden')),
      'test_failed',
      /reason_code is permitted/,
    ],
    [
      'a test that leaves a policy out',
      yamlTest((text) => text.replace('[staff-view]', '[]')),
      'test_failed',
      /determining is \[staff-view\]/,
    ],
    [
      'a test that wants an obligation',
      yamlTest((text) => text.replace('errors: []', 'errors: [], obligations: [log]')),
      'test_failed',
      /obligations is \[\], wanted \[log\]/,
    ],
    [
      'a test that wants errors',
      yamlTest((text) => text.replace('errors: []', 'errors: [staff-view]')),
      'test_failed',
      /errors is \[\]/,
    ],
    [
      'a test without the fact that it needs',
      yamlTest((text) => text.replace(/ {2}facts:.*\n/, '')),
      'test_failed',
      /pdp\.now/,
    ],
    [
      'a test that sends the fact itself',
      yamlTest((text) => text.replace('{ input:', '{ pdp: { now: x }, input:')),
      'test_failed',
      /pdp/,
    ],
    [
      'a test that the schema refuses',
      yamlTest((text) => text.replace('path: x', 'path: 1')),
      'test_failed',
      /refused/,
    ],
    ['tests that are not a list', { 'tests/a.yaml': 'a: 1\n' }, 'test_invalid', /list/],
    ['tests that are not YAML', { 'tests/a.yaml': 'a: [1\n' }, 'yaml_syntax', /./],
    ['a test in Cedar’s format that fails', cedarTest({ decision: 'deny' }), 'test_failed', /wanted deny/],
    [
      'a reason in Cedar’s format that is none',
      cedarTest({ reason: ['no-secrets'] }),
      'test_failed',
      /at least \[no-secrets\]/,
    ],
    ['another number of errors', cedarTest({ num_errors: 1 }), 'test_failed', /number of errors/],
    ['an unknown key in Cedar’s format', cedarTest({ note: 'x' }), 'test_invalid', /unknown key/],
  ])('%s', expectRefused);
});
