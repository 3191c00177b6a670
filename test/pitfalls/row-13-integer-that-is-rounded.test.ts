import { describe, expect, test } from 'vitest';
import { TRANSPORTS, usePitfall } from './support/pitfall.ts';

const pitfall = usePitfall({
  schema: `
entity User, Doc;
action view appliesTo { principal: User, resource: Doc, context: { n: Long } };`,
  policies: `
@id("anyone") permit (principal, action, resource);
@id("not-this-one") forbid (principal, action, resource) when { context.n == 9007199254740993 };`,
  manifest: 'record: { allow: [n] }',
});
const ASKED = { principal: 'User::"u"', action: 'Action::"view"', resource: 'Doc::"d"' };

describe('an integer that a double would round', () => {
  test.each(TRANSPORTS)('is itself over %s, and its neighbour another', async (transport) => {
    const ask = (n: string) => pitfall.current.ask(transport, { ...ASKED, context: `{"n": ${n}}` });

    expect(await ask('9007199254740993')).toMatchObject({ decision: 'deny', reason_code: 'forbidden' });
    expect(await ask('9007199254740992')).toMatchObject({ decision: 'allow' });
  });

  test('is itself as a typed value', async () => {
    const ask = (long: string) =>
      pitfall.current.askTyped(ASKED, { context: { fields: [{ name: 'n', value: { long } }] } });

    expect(await ask('9007199254740993')).toMatchObject({ decision: 'deny', reason_code: 'forbidden' });
    expect(await ask('9007199254740992')).toMatchObject({ decision: 'allow' });
  });

  test.each(TRANSPORTS)('is itself in the record, over %s', async (transport) => {
    const outcome = await pitfall.current.ask(transport, { ...ASKED, context: '{"n": 9007199254740993}' });

    expect(await pitfall.current.record(outcome)).toMatchObject({ disclosed: { n: 9007199254740993n } });
  });

  test.each(
    TRANSPORTS.flatMap((transport) =>
      ['9223372036854775808', '-9223372036854775809', '1.0', '1e2', '-0', '1e400', '"1"'].map(
        (n) => [transport, n] as const,
      ),
    ),
  )('is no other number: %s refuses %s', async (transport, n) => {
    expect(await pitfall.current.ask(transport, { ...ASKED, context: `{"n": ${n}}` })).toMatchObject({
      error: 'invalid_request',
      field: 'context.n',
    });
  });
});
