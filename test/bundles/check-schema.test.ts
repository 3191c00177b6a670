import { describe, test } from 'vitest';
import { LIMITS } from '../../services/engine/limits.ts';
import { schema } from './bundle-changes.ts';
import { expectRefused, type Refusal } from './check-bundle.ts';

describe('check refuses', () => {
  test.each<Refusal>([
    ['a schema that does not parse', schema('entity;'), 'schema_invalid', /unexpected token/],
    ['a schema with an unknown type', schema('entity A { x: Nope };'), 'schema_invalid', /Nope/],
    ['a cycle of types', schema('type A = { a?: B }; type B = { b?: A };'), 'schema_invalid', /cycle/],
    ['a cycle of actions', schema('action a in b; action b in a;'), 'schema_invalid', /cycle/],
    [
      'a schema that nests too deep',
      schema(`entity A { x: ${'Set<'.repeat(3_000)}Long${'>'.repeat(3_000)} };`),
      'schema_invalid',
      /json_depth/,
    ],
    ['types that expand without end', schema(typeBomb(40)), 'schema_invalid', /schema_expansion/],
    [
      'types that expand over namespaces',
      schema(
        Array.from(
          { length: 41 },
          (_, at) =>
            `namespace N${at} { type T = { a: ${at === 0 ? 'Long' : `N${at - 1}::T`}, b: ${at === 0 ? 'Long' : `N${at - 1}::T`} }; }`,
        ).join('\n'),
      ),
      'schema_invalid',
      /schema_expansion/,
    ],
    [
      'a schema over its size',
      schema(`//${' '.repeat(LIMITS.schema_bytes)}`),
      'file_too_large',
      /schema_bytes/,
    ],
    [
      'a name that no terminal should show',
      schema('action "a\\u{202e}b" appliesTo { principal: User, resource: Receipt };'),
      'schema_invalid',
      /printable/,
    ],
    [
      'a fact that there is not',
      schema('action a appliesTo { principal: User, resource: Receipt, context: { pdp: { mood: Long } } };'),
      'fact_invalid',
      /mood/,
    ],
    [
      'a fact of another type',
      schema('action a appliesTo { principal: User, resource: Receipt, context: { pdp: { now: Long } } };'),
      'fact_invalid',
      /another type/,
    ],
    [
      'an optional fact',
      schema(
        'action a appliesTo { principal: User, resource: Receipt, context: { pdp: { now?: datetime } } };',
      ),
      'fact_invalid',
      /optional/,
    ],
    [
      'optional facts',
      schema(
        'action a appliesTo { principal: User, resource: Receipt, context: { pdp?: { now: datetime } } };',
      ),
      'fact_invalid',
      /required/,
    ],
    [
      'facts that are no record',
      schema('action a appliesTo { principal: User, resource: Receipt, context: { pdp: String } };'),
      'fact_invalid',
      /record/,
    ],
    [
      'a schema with too many combinations of types',
      schema(
        `entity ${Array.from({ length: 101 }, (_, at) => `E${at}`).join(', ')};\naction all appliesTo { principal: [${Array.from({ length: 101 }, (_, at) => `E${at}`)}], resource: [${Array.from({ length: 101 }, (_, at) => `E${at}`)}] };`,
      ),
      'schema_invalid',
      /request_environments/,
    ],
  ])('%s', expectRefused);
});

/** Doubling types: each line is small, and what they expand to is not. */
function typeBomb(levels: number, name = (level: number) => `T${level}`): string {
  const lines = Array.from(
    { length: levels },
    (_, at) => `type ${name(at + 1)} = { a: ${name(at)}, b: ${name(at)} };`,
  );

  return `type ${name(0)} = { a: Long };\n${lines.join('\n')}\nentity Bomb { x: ${name(levels)} };`;
}
