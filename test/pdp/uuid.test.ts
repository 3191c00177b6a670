import fc from 'fast-check';
import { expect, test } from 'vitest';
import { uuidv7 } from '../../services/pdp/uuid.ts';

const FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test('is a UUID of version 7 and variant 10 that holds its time', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 48 - 1 }), (now) => {
      const id = uuidv7(now);

      expect(id).toMatch(FORM);
      expect(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)).toBe(now);
    }),
  );
});

test('sorts by its time', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 48 - 2 }), (now) => {
      expect(uuidv7(now) < uuidv7(now + 1)).toBe(true);
    }),
  );
});

test('never comes twice, also within one millisecond', () => {
  expect(new Set(Array.from({ length: 10_000 }, () => uuidv7(1))).size).toBe(10_000);
});
