import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emptyMap, type PersistentMap } from '../../../services/pdp/entities/persistent-map.ts';

type Change = readonly [key: string, value: number | undefined];

const changes: fc.Arbitrary<readonly Change[]> = fc.array(
  fc.tuple(fc.nat(30).map(String), fc.option(fc.nat(), { nil: undefined })),
);

function contentOf(map: PersistentMap<number>): ReadonlyMap<string, number> {
  return new Map(map.entries());
}

test('every state holds what a plain map would, also after later changes', () => {
  fc.assert(
    fc.property(fc.array(changes, { maxLength: 6 }), (rounds) => {
      const plain = new Map<string, number>();
      let map = emptyMap<number>();
      const states: (readonly [PersistentMap<number>, ReadonlyMap<string, number>])[] = [];
      for (const round of rounds) {
        for (const [key, value] of round) {
          if (value === undefined) plain.delete(key);
          else plain.set(key, value);
        }
        map = map.with(round);
        states.push([map, new Map(plain)]);
      }

      for (const [state, wanted] of states) {
        expect(contentOf(state)).toEqual(wanted);
        for (const [earlier, before] of states) {
          const changed = [...before.keys(), ...wanted.keys()].filter(
            (key) => before.get(key) !== wanted.get(key),
          );
          expect(new Set(state.changedSince(earlier))).toEqual(new Set(changed));
        }
        expect(state.size).toBe(wanted.size);
        for (let key = 0; key <= 30; key += 1) expect(state.get(String(key))).toBe(wanted.get(String(key)));
      }
    }),
  );
});

test('holds keys of every kind apart', () => {
  const keys = ['', '__proto__', 'constructor', 'User::"é"', 'User::"e\u0301"', 'User::"\u0000"'];
  const map = emptyMap<string>().with(keys.map((key) => [key, key]));

  expect(map.size).toBe(keys.length);
  for (const key of keys) expect(map.get(key)).toBe(key);
  expect(map.get('toString')).toBeUndefined();
});
