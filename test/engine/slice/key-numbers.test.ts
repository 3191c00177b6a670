import { describe, expect, test } from 'vitest';
import { keyNumbersInSteps } from '../../../services/engine/slice/key-numbers.ts';
import { UNKNOWN } from '../../../services/engine/slice/numbers.ts';
import { atOnce } from '../../../services/engine/steps.ts';

const createKeyNumbers = (keys: readonly string[]) => atOnce(keyNumbersInSteps(keys));

describe('numbers of keys', () => {
  test.each([0, 1, 2, 3, 9, 1_000, 20_000])('are the places of %i keys, and of no others', (count) => {
    const keys = Array.from({ length: count }, (_, at) => `User::"${at * at}-é"`);
    const numbers = createKeyNumbers(keys);

    expect(numbers.count).toBe(count);
    expect(keys.map((key) => numbers.numberOf(key))).toEqual(keys.map((_, at) => at));
    for (const key of ['', 'User::""', 'User::"2-é"', 'User::"3-é"', 'Team::"1-é"', `${keys[0] ?? ''} `])
      expect(numbers.numberOf(key)).toBe(UNKNOWN);
  });

  test.each([
    ['liquid', 'costarring'],
    ['macallums', 'declinate'],
    ['zinke', 'altarage'],
  ])('are told apart for %s and %s, whose hashes are one', (one, other) => {
    expect(createKeyNumbers([one, 'something longer']).numberOf(other)).toBe(UNKNOWN);
    expect(createKeyNumbers([one, other]).numberOf(one)).toBe(0);
    expect(createKeyNumbers([one, other]).numberOf(other)).toBe(1);
  });
});
