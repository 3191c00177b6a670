import { describe, expect, test } from 'vitest';
import { encodeRequest } from '../support/decision-client.ts';
import { grpcMessage, restBody } from '../support/question.ts';
import { TRANSPORTS, usePitfall } from './support/pitfall.ts';

const pitfall = usePitfall({
  schema: `
entity User { level?: Long };
entity Doc;
action view appliesTo { principal: User, resource: Doc, context: { blocked: Bool, inner?: { a?: Long } } };`,
  policies: `
@id("anyone") permit (principal, action, resource);
@id("not-blocked") forbid (principal, action, resource) when { context.blocked };`,
  sources: { User: 'request' },
});
const ASKED = {
  principal: 'User::"u"',
  action: 'Action::"view"',
  resource: 'Doc::"d"',
  context: '{"blocked":false}',
  entities: '[{"uid":{"type":"User","id":"u"},"attrs":{},"parents":[]}]',
};

describe('a name that is repeated', () => {
  test.each(
    TRANSPORTS.flatMap((transport) =>
      [
        '{"blocked":true,"blocked":false}',
        '{"blocked":false,"blocked":false}',
        '{"blocked":true,"bl\\u006fcked":false}',
        '{"blocked":false,"inner":{"a":1,"a":1}}',
      ].map((context) => [transport, context] as const),
    ),
  )('is refused over %s: %s', async (transport, context) => {
    expect(await pitfall.current.ask(transport, { ...ASKED, context })).toMatchObject({
      error: 'invalid_request',
      field: expect.stringMatching(/^context\.(blocked|inner\.a)$/),
    });
  });

  test.each(TRANSPORTS)('is refused over %s in an entity', async (transport) => {
    const entities = '[{"uid":{"type":"User","id":"u"},"attrs":{"level":9,"level":1},"parents":[]}]';

    expect(await pitfall.current.ask(transport, { ...ASKED, entities })).toMatchObject({
      error: 'invalid_request',
      field: 'entities[0].attrs.level',
    });
  });

  test('is refused in the body itself', async () => {
    const body = restBody({ ...ASKED, context: '{"blocked":true}' }).replace(
      /}$/,
      ',"context":{"blocked":false}}',
    );

    expect(await pitfall.current.client.rest(body)).toMatchObject({
      error: 'invalid_request',
      field: 'context',
    });
  });

  test('is refused as a field of the message that comes twice', async () => {
    const message = encodeRequest(grpcMessage({ ...ASKED, context: '{"blocked":true}' }));
    const again = encodeRequest({ context_json: '{"blocked":false}' });

    expect(await pitfall.current.client.grpc(Buffer.concat([message, again]))).toMatchObject({
      error: 'invalid_request',
    });
  });

  test('is refused in a typed record', async () => {
    const { context: _, ...asked } = ASKED;
    const fields = [true, false].map((bool) => ({ name: 'blocked', value: { bool } }));

    expect(await pitfall.current.askTyped(asked, { context: { fields } })).toMatchObject({
      error: 'invalid_request',
      field: 'context.blocked',
    });
  });

  test.each(TRANSPORTS)('is not needed to be told what is so, over %s', async (transport) => {
    expect(await pitfall.current.ask(transport, ASKED)).toMatchObject({ decision: 'allow' });
  });
});
