import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CedarRecord, type Value } from '../../services/engine/value/value.ts';
import { disclose } from '../../services/pdp/disclose.ts';

const record = (fields: Record<string, Value>) => new CedarRecord(new Map(Object.entries(fields)));
const CONTEXT = record({
  branch: 'main',
  input: record({ path: 'a.txt', secret: 'hunter2', nested: record({ deep: 5n }) }),
});

describe('disclose()', () => {
  test('shows nothing where the bundle allows nothing', () => {
    expect(disclose(CONTEXT, []).size).toBe(0);
  });

  test('shows the values under the allowed paths, by path', () => {
    expect(disclose(CONTEXT, ['branch', 'input.path', 'input.nested.deep'])).toEqual(
      new Map<string, Value>([
        ['branch', 'main'],
        ['input.path', 'a.txt'],
        ['input.nested.deep', 5n],
      ]),
    );
  });

  test.each([
    'absent',
    'input.absent',
    'branch.length',
    'input.path.0',
    '',
    'input.',
    '.input',
    '__proto__',
    'input.constructor',
  ])('leaves out the path "%s", which the request does not have', (path) => {
    expect(disclose(CONTEXT, [path]).size).toBe(0);
  });

  test('shows nothing besides what is allowed', () => {
    fc.assert(
      fc.property(fc.subarray(['branch', 'input.path', 'input.nested.deep']), (paths) => {
        expect([...disclose(CONTEXT, paths).keys()]).toEqual(paths);
      }),
    );
  });
});
