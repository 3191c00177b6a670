import { expect, test } from 'vitest';
import { assertDocumented } from '../support/documented.ts';

const STORES = {
  stores: [{ name: 'default', sequence: 1, two_person: false, created_at: '2026-01-01T00:00:00.000Z' }],
};
const [STORE] = STORES.stores;

test.each<[what: string, status: number, body: object, problem: RegExp | undefined]>([
  ['what is documented', 200, STORES, undefined],
  ['a member that is missing', 200, {}, /stores/],
  ['a member of another type', 200, { stores: [{ ...STORE, sequence: 'one' }] }, /sequence/],
  ['a member that is not documented', 200, { ...STORES, secret: 1 }, /secret/],
  ['the same further inside', 200, { stores: [{ ...STORE, secret: 1 }] }, /secret/],
  ['a status that is not documented', 299, STORES, /299 application\/json is not documented/],
])('an answer is held to its documentation: %s', (_what, status, body, problem) => {
  const check = () =>
    assertDocumented('GET', '/v1/stores?limit=1', {
      status,
      type: 'application/json',
      text: JSON.stringify(body),
    });

  if (problem === undefined) check();
  else expect(check).toThrow(problem);
});
