import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CedarText, createCedarInstance } from '../../../services/engine/cedar/instance.ts';
import { callExtension } from '../../../services/engine/extension/call.ts';
import { Datetime } from '../../../services/engine/extension/datetime.ts';
import { writeValue } from '../../../services/engine/value/cedar-json.ts';
import { LONG_MAX, LONG_MIN } from '../../../services/engine/value/long.ts';
import { CedarRecord, CedarSet, EntityUid, type Value } from '../../../services/engine/value/value.ts';
import { expressionOf } from '../data/cedar-text.ts';
import { extensionValues } from './arbitrary-value.ts';

test.each<[Value, string]>([
  [true, 'true'],
  [LONG_MAX, '9223372036854775807'],
  [LONG_MIN, '-9223372036854775808'],
  ['a"\n', '"a\\"\\n"'],
  [new EntityUid('N::U', 'a"'), '{"__entity":{"type":"N::U","id":"a\\""}}'],
  [new CedarSet([1n, 'a', 1n]), '[1,"a"]'],
  [
    new CedarRecord(
      new Map<string, Value>([
        ['__proto__', 1n],
        ['', new CedarSet([])],
      ]),
    ),
    '{"__proto__":1,"":[]}',
  ],
  [callExtension('ip', ['::1/64']), '{"__extn":{"fn":"ip","arg":"::1/64"}}'],
  [callExtension('decimal', ['1.50']), '{"__extn":{"fn":"decimal","arg":"1.5"}}'],
  [callExtension('duration', ['60m']), '{"__extn":{"fn":"duration","arg":"1h"}}'],
  [
    callExtension('datetime', ['2024-10-15']),
    '{"__extn":{"fn":"datetime","arg":"2024-10-15T00:00:00.000Z"}}',
  ],
])('%o is written as %s', (value, text) => {
  expect(writeValue(value)).toBe(text);
});

describe('Cedar', () => {
  const cedar = createCedarInstance();

  test('reads every extension value back as the same', () => {
    fc.assert(
      fc.property(extensionValues, (value) => {
        expect(isReadAs(writeValue(value), value)).toBe(true);
      }),
    );
  });

  test.each([
    LONG_MIN,
    LONG_MAX,
    -62_167_219_200_000n,
    -62_167_219_200_001n,
    253_402_300_799_999n,
    253_402_300_800_000n,
  ])('reads the time %s ms after the epoch back as the same', (epochMs) => {
    expect(isReadAs(writeValue(new Datetime(epochMs)), new Datetime(epochMs))).toBe(true);
  });

  function isReadAs(text: string, value: Value): boolean {
    const uid = '{"type":"U","id":"u"}';
    const policy = JSON.stringify(
      `permit(principal, action, resource) when { context.v == ${expressionOf(value)} };`,
    );
    const answer = cedar.call(
      'isAuthorized',
      new CedarText(
        `{"principal":${uid},"action":${uid},"resource":${uid},"context":{"v":${text}},"entities":[],"policies":{"staticPolicies":${policy}}}`,
      ),
    ) as { readonly response?: { readonly decision: string } };

    return answer.response?.decision === 'allow';
  }
});
