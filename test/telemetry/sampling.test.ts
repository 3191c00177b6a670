import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Sampling, samplingOf } from '../../services/telemetry/sampling.ts';

const IDS = Array.from({ length: 10_000 }, () => randomBytes(16).toString('hex'));

function share(sampling: Sampling, parent?: boolean): number {
  return IDS.filter((id) => sampling(id, parent)).length / IDS.length;
}

function read(
  name?: string,
  argument?: string,
): { readonly sampling: Sampling; readonly warnings: string[] } {
  const warnings: string[] = [];

  return { sampling: samplingOf(name, argument, (message) => void warnings.push(message)), warnings };
}

describe('samplingOf()', () => {
  test('keeps 10 % of what begins here and follows its caller, where nothing is set', () => {
    const { sampling, warnings } = read();

    expect(share(sampling)).toBeGreaterThan(0.08);
    expect(share(sampling)).toBeLessThan(0.12);
    expect(share(sampling, true)).toBe(1);
    expect(share(sampling, false)).toBe(0);
    expect(warnings).toEqual([]);
  });

  test.each([
    ['always_on', undefined, 1, 1],
    ['always_off', undefined, 0, 0],
    ['parentbased_always_on', undefined, 1, 0],
    ['parentbased_always_off', undefined, 0, 0],
    ['traceidratio', '1', 1, 1],
    ['traceidratio', '0', 0, 0],
    ['parentbased_traceidratio', '1', 1, 0],
  ])(
    '%s with %s keeps %d of the roots, and %d of what the caller does not keep',
    (name, argument, root, unkept) => {
      const { sampling, warnings } = read(name, argument);

      expect(share(sampling)).toBe(root);
      expect(share(sampling, false)).toBe(unkept);
      expect(warnings).toEqual([]);
    },
  );

  test('a smaller ratio keeps a part of what a larger one keeps', () => {
    const small = read('traceidratio', '0.2').sampling;
    const large = read('traceidratio', '0.5').sampling;

    expect(IDS.filter((id) => small(id, undefined) && !large(id, undefined))).toEqual([]);
  });

  test.each([
    ['sometimes', undefined],
    ['traceidratio', '2'],
    ['traceidratio', 'x'],
    ['traceidratio', '-0.1'],
    ['toString', undefined],
  ])('says that %s with %s is not understood, and keeps 10 %%', (name, argument) => {
    const { sampling, warnings } = read(name, argument);

    expect(warnings).toHaveLength(1);
    expect(share(sampling)).toBeGreaterThan(0.08);
    expect(share(sampling)).toBeLessThan(0.12);
  });
});
