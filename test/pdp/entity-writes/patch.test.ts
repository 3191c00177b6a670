import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTrustedJson } from '../../../services/engine/raw/json.ts';
import { isRawArray, type RawNode, RawObject } from '../../../services/engine/raw/raw.ts';
import { assertPatch, type EntityPatch, patched } from '../../../services/pdp/entity-writes/patch.ts';

const name = fc.constantFrom('a', 'b', '__proto__', '');
const value = fc.constantFrom<RawNode>(1n, 'x', true, []);
const uid = fc.constantFrom({ type: 'T', id: 'a' }, { type: 'T', id: 'b' }, { type: 'U', id: 'a' });
const members = fc
  .record({ set: fc.array(fc.tuple(name, value)).map((all) => new Map(all)), remove: fc.array(name) })
  .map(({ set, remove }) => ({ set, remove: remove.filter((one) => !set.has(one)) }));
const parents = fc.oneof(
  fc.record({ replace: fc.array(uid) }),
  fc
    .record({ add: fc.array(uid), remove: fc.array(uid) })
    .map(({ add, remove }) => ({ add, remove: remove.filter((one) => !add.includes(one)) })),
);
const patch: fc.Arbitrary<EntityPatch> = fc.record(
  { attrs: members, tags: members, parents },
  { requiredKeys: [] },
);
const document = fc
  .record({ attrs: fc.dictionary(name, fc.constantFrom(1, 2)), parents: fc.uniqueArray(uid) })
  .map(
    ({ attrs, parents: above }) =>
      parseTrustedJson(
        JSON.stringify({ uid: { type: 'T', id: 'me' }, attrs, parents: above, tags: {} }),
      ) as RawObject,
  );

/** As plain data in one order, so that it can be compared. */
function plain(node: RawNode | undefined): unknown {
  if (isRawArray(node))
    return node
      .map(plain)
      .map((one) => JSON.stringify(one))
      .sort();
  if (!(node instanceof RawObject)) return typeof node === 'bigint' ? `${node}` : node;

  return [...node.entries].map(([key, one]) => [key, plain(one)]).sort();
}

test('to apply a patch twice is to apply it once', () => {
  fc.assert(
    fc.property(document, patch, (before, one) => {
      const once = patched(before, one);

      expect(plain(patched(once, one))).toEqual(plain(once));
    }),
  );
});

test('a patch that names nothing changes nothing, and none changes what it does not name', () => {
  fc.assert(
    fc.property(document, patch, (before, one) => {
      expect(patched(before, {}).entries).toEqual(before.entries);
      const after = patched(before, one);
      for (const part of ['attrs', 'tags', 'parents', 'uid'] as const) {
        if (part === 'uid' || one[part] === undefined) {
          expect(after.entries.get(part)).toBe(before.entries.get(part));
        }
      }
      const { attrs } = one;
      const [was, is] = [before, after].map((entity) => (entity.entries.get('attrs') as RawObject).entries);
      for (const member of ['a', 'b', '__proto__', '']) {
        if (attrs?.set.has(member)) expect(is?.get(member)).toBe(attrs.set.get(member));
        else if (attrs?.remove.includes(member)) expect(is?.has(member)).toBe(false);
        else expect(is?.get(member)).toBe(was?.get(member));
      }
    }),
  );
});

test('patches of different parts come to the same in either order', () => {
  fc.assert(
    fc.property(document, members, parents, (before, attrs, above) => {
      const one = patched(patched(before, { attrs }), { parents: above });
      const other = patched(patched(before, { parents: above }), { attrs });

      expect(plain(one)).toEqual(plain(other));
      expect(plain(patched(before, { attrs, parents: above }))).toEqual(plain(one));
    }),
  );
});

test('a patch that says two things of one member or parent is refused', () => {
  const both = { set: new Map([['a', 1n]]), remove: ['a'] };
  const me = { type: 'T', id: 'a' };

  expect(() => assertPatch({ attrs: both }, 'patch')).toThrow('also removes');
  expect(() => assertPatch({ tags: both }, 'patch')).toThrow('also removes');
  expect(() => assertPatch({ parents: { add: [me], remove: [{ ...me }] } }, 'patch')).toThrow('also removes');
});
