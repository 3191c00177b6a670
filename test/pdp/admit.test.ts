import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { admit } from '../../services/pdp/admit.ts';
import { callerOf, callOf } from './support/calls.ts';

const refused = (code: string, field?: string) => expect.objectContaining({ code, field });

describe('admit()', () => {
  test('gives the only store of a credential to a call that names none', () => {
    expect(admit(callOf(), callerOf({ stores: ['receipts'] }))).toBe('receipts');
  });

  test('asks which store where a credential names several', () => {
    const caller = callerOf({ stores: ['a', 'b'] });

    expect(() => admit(callOf(), caller)).toThrow(refused('invalid_request', 'policy_store'));
    expect(admit(callOf({ policy_store: 'b' }), caller)).toBe('b');
  });

  test('refuses every store that the credential does not name', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 })), fc.string({ minLength: 1 }), (stores, named) => {
        fc.pre(!stores.includes(named));
        expect(() => admit(callOf({ policy_store: named }), callerOf({ stores }))).toThrow(
          refused('permission_denied', 'policy_store'),
        );
      }),
    );
  });

  test('does not take * for every store: that is for administration', () => {
    expect(() => admit(callOf({ policy_store: 'default' }), callerOf({ stores: ['*'] }))).toThrow(
      refused('permission_denied', 'policy_store'),
    );
  });

  test('refuses an administrator, whatever it asks', () => {
    expect(() => admit(callOf(), callerOf({ roles: ['admin'] }))).toThrow(refused('permission_denied'));
  });

  test('refuses full detail where the credential may not have it', () => {
    const call = callOf({ detail: 'full' });

    expect(() => admit(call, callerOf({ full_detail: false }))).toThrow(
      refused('permission_denied', 'detail'),
    );
    expect(admit(call, callerOf({ full_detail: true }))).toBe('default');
  });

  test('takes an idempotency key of a credential that is to be enforced, of up to 128 printable characters', () => {
    const idempotency_key = ` ${'~'.repeat(127)}`;
    const field = 'idempotency_key';
    const anonymous = callerOf({ credential_id: undefined, roles: ['anonymous'] });

    expect(admit(callOf({ idempotency_key }), callerOf())).toBe('default');
    expect(() => admit(callOf({ idempotency_key }), anonymous)).toThrow(refused('permission_denied', field));
    expect(() => admit(callOf({ idempotency_key, mode: 'check' }), callerOf())).toThrow(
      refused('invalid_request', field),
    );
    for (const key of ['\u007f', 'a\0', '\u00e9'])
      expect(() => admit(callOf({ idempotency_key: key }), callerOf())).toThrow(
        refused('invalid_request', field),
      );
    expect(() => admit(callOf({ idempotency_key: `${idempotency_key}~` }), callerOf())).toThrow(
      refused('too_large', field),
    );
  });

  test.each([
    ['a type without ids', [{ type: 'Agent' }], true],
    ['its id', [{ type: 'Agent', ids: ['x', 'a'] }], true],
    ['one of two rules', [{ type: 'Bot' }, { type: 'Agent', ids: ['a'] }], true],
    ['no rule at all', [], false],
    ['no id', [{ type: 'Agent', ids: [] }], false],
    ['another id', [{ type: 'Agent', ids: ['A'] }], false],
    ['another type', [{ type: 'Bot', ids: ['a'] }], false],
    ['a type that only begins so', [{ type: 'Agent::Sub' }], false],
    [
      'an id of one rule and the type of another',
      [
        { type: 'Bot', ids: ['a'] },
        { type: 'Agent', ids: ['b'] },
      ],
      false,
    ],
  ])('lets a credential speak for Agent::"a" by %s: decided by the whole rule', (_what, principals, may) => {
    const admitted = () => admit(callOf(), callerOf({ principals }));

    if (may) expect(admitted()).toBe('default');
    else expect(admitted).toThrow(refused('permission_denied', 'principal'));
  });

  test('compares ids as they are, without normalising them', () => {
    const call = callOf({ principal: { type: 'Agent', id: 'e\u0301' } });

    expect(() => admit(call, callerOf({ principals: [{ type: 'Agent', ids: ['\u00e9'] }] }))).toThrow(
      refused('permission_denied', 'principal'),
    );
  });
});
