import { EXTENSION_FUNCTIONS } from '../../../services/engine/extension/call.ts';
import type { Outcome } from './coverage.ts';

const TYPES = [
  'Bool',
  'Long',
  'String',
  'Entity',
  'Set',
  'Record',
  'ipaddr',
  'decimal',
  'datetime',
  'duration',
];
const CONSTRUCTORS = new Set(['ip', 'decimal', 'datetime', 'duration']);
/** Methods that fail of operands that they take: by overflow. */
const OVERFLOWING = new Set(['offset', 'durationSince', 'toDate']);
const GIVES_VALUE = new Set([
  'offset',
  'durationSince',
  'toDate',
  'toTime',
  ...['Milliseconds', 'Seconds', 'Minutes', 'Hours', 'Days'].map((unit) => `to${unit}`),
]);

/** Everything that a long run must have reached, with all that can come out of it. */
export const WANTED: ReadonlyMap<string, readonly Outcome[]> = merged([
  ...seen(TYPES.map((type) => `a ${type}`)),
  ...rows(['principal', 'action', 'resource', 'context', 'Set', 'Record'], 'value'),
  ...rows(['!', '&&', '||', 'when', 'unless'], 'true', 'false', 'failed'),
  ['if-then-else', ['value', 'failed']],
  ...TYPES.flatMap((type) => rows([`== of ${type}`, `!= of ${type}`], 'true', 'false')),
  ['== of two types', ['false']],
  ['!= of two types', ['true']],
  ...['<', '<=', '>', '>='].flatMap((operator) => [
    ...rows(
      ['Long', 'datetime', 'duration'].map((type) => `${operator} of ${type}`),
      'true',
      'false',
    ),
    ...rows([`${operator} of other operands`], 'failed'),
  ]),
  ...['+', '-', '*'].flatMap((operator) => [
    ...rows([`${operator} of Long`], 'value', 'failed'),
    ...rows([`${operator} of other operands`], 'failed'),
  ]),
  ['neg of Long', ['value', 'failed']],
  ...rows(['in itself'], 'true'),
  ...rows(['in another entity', 'is', 'is in'], 'true', 'false'),
  ...rows(['in a set'], 'true', 'false', 'failed'),
  ...rows(['in an empty set'], 'false'),
  ...rows(['in no group', 'in, of no entity', 'is, of no entity', 'is in, of no entity'], 'failed'),
  ...rows(['. of a record', '. of an entity', 'getTag of an entity'], 'value', 'failed'),
  ...rows(['. of an absent entity', 'getTag of an absent entity'], 'failed'),
  ...rows(
    ['has of a record', 'has of an entity', 'has a.b of a record', 'has a.b of an entity'],
    'true',
    'false',
  ),
  ...rows(['has of an absent entity', 'has a.b of an absent entity'], 'false'),
  ...rows(['has a.b of a record', 'has a.b of an entity'], 'failed'),
  ...rows(['hasTag of an entity'], 'true', 'false', 'failed'),
  ...rows(['hasTag of an absent entity'], 'false', 'failed'),
  ...rows(
    ['like of String', 'contains of Set', 'isEmpty of Set', 'containsAll of Set', 'containsAny of Set'],
    'true',
    'false',
  ),
  ...rows(
    ['.', 'has', 'has a.b', 'hasTag', 'getTag', 'like', 'neg', 'contains', 'isEmpty'].map(ofAnother),
    'failed',
  ),
  ...rows(
    ['containsAll', 'containsAny'].flatMap((name) => [ofAnother(name), ofAnother(`${name} of Set and`)]),
    'failed',
  ),
  ...[...EXTENSION_FUNCTIONS.keys()].flatMap(extensionRows),
  ...seen(['&&', '||', 'if-then-else', 'is'].map((operator) => `${operator} skips what fails`)),
  ...seen(['a clause that fails is skipped']),
  ...['all', '==', 'in', 'is', 'is in'].flatMap((op) =>
    rows([`principal ${op}`, `resource ${op}`], 'true', 'false'),
  ),
  ...rows(['action all', 'action ==', 'action in'], 'true', 'false'),
  ...seen([
    'verdict: allow by one',
    'verdict: allow by several',
    'verdict: allow beside failures',
    'verdict: deny by one',
    'verdict: deny by several',
    'verdict: deny beside failures',
    'verdict: deny by default',
    'verdict: deny by default beside failures',
    'verdict: refused',
    'verdict: a link determines',
    'verdict: a link fails',
    'refused: principal, action or resource',
    'refused: context',
    'refused: entities',
  ]),
]);

function merged(all: readonly Row[]): ReadonlyMap<string, readonly Outcome[]> {
  const wanted = new Map<string, readonly Outcome[]>();
  for (const [what, outcomes] of all) wanted.set(what, [...(wanted.get(what) ?? []), ...outcomes]);

  return wanted;
}

type Row = readonly [string, readonly Outcome[]];

function rows(whats: readonly string[], ...outcomes: readonly Outcome[]): Row[] {
  return whats.map((what) => [what, outcomes]);
}

function ofAnother(operator: string): string {
  return operator.endsWith(' and') ? `${operator} another type` : `${operator} of another type`;
}

function seen(whats: readonly string[]): Row[] {
  return rows(whats, 'seen');
}

function extensionRows(name: string): Row[] {
  const fails: readonly Outcome[] = CONSTRUCTORS.has(name) || OVERFLOWING.has(name) ? ['failed'] : [];
  const gives: readonly Outcome[] =
    CONSTRUCTORS.has(name) || GIVES_VALUE.has(name) ? ['value'] : ['true', 'false'];

  return [
    [`${name}()`, [...gives, ...fails]],
    [`${name}() of other operands`, ['failed']],
  ];
}
