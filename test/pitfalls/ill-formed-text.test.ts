import { describe, expect, test } from 'vitest';
import { encodeRequest } from '../support/decision-client.ts';
import { grpcMessage, type Question, restBody } from '../support/question.ts';
import { ASKED, OPEN_DOOR } from './support/open-door.ts';
import { TRANSPORTS, type Transport, usePitfall } from './support/pitfall.ts';

const pitfall = usePitfall(OPEN_DOOR);

/** Stands where the bytes are to come. */
const MARK = 'MARK';

/** Sends a question with its marks replaced by bytes of the same number, which no encoder would write. */
function askInBytes(transport: Transport, question: Question, hex: string) {
  const sound = transport === 'rest' ? Buffer.from(restBody(question)) : encodeRequest(grpcMessage(question));
  const bytes = Buffer.from(sound);
  const at = bytes.indexOf(MARK);
  Buffer.from(hex, 'hex').copy(bytes, at);

  return transport === 'rest' ? pitfall.current.client.rest(bytes) : pitfall.current.client.grpc(bytes);
}

const PLACES: Readonly<Record<string, Partial<Question>>> = {
  'a value': { context: `{"text": "${MARK}"}` },
  'an id': { resource: `Doc::"${MARK}"` },
  'the request id': { members: { request_id: MARK } },
};
const BYTES: Readonly<Record<string, string>> = {
  'a byte that never occurs': 'ff616161',
  'a continuation of nothing': '80616161',
  'a character that is cut': '6161e282',
  'an overlong slash': 'c0af6161',
  'half a surrogate pair': 'eda08061',
  'a point beyond Unicode': 'f4908080',
  'a replacement character': 'efbfbd61',
};

describe('bytes that are no text', () => {
  test.each(
    TRANSPORTS.flatMap((transport) =>
      Object.keys(PLACES).flatMap((place) =>
        Object.keys(BYTES).map((what) => [transport, what, place] as const),
      ),
    ),
  )('are refused over %s: %s in %s', async (transport, what, place) => {
    const outcome = await askInBytes(transport, { ...ASKED, ...PLACES[place] }, BYTES[what] ?? '');

    expect(outcome).toMatchObject({ error: 'invalid_request' });
  });

  test.each(TRANSPORTS)('are not what four other bytes are, over %s', async (transport) => {
    const question = { ...ASKED, ...PLACES['a value'] };

    expect(await askInBytes(transport, question, 'f09f9880')).toMatchObject({ decision: 'allow' });
  });
});

describe('half a surrogate pair', () => {
  test.each(
    TRANSPORTS.flatMap((transport) =>
      ['\\ud83d', '\\ude00', '\\ude00\\ud83d', 'a\\ud83da', '\\ud83d\\ud83d'].map(
        (text) => [transport, text] as const,
      ),
    ),
  )('is refused over %s as an escape: %s', async (transport, text) => {
    const places = [
      { context: `{"text": "${text}"}` },
      { entities: `[{"uid": {"type": "User", "id": "${text}"}, "attrs": {}, "parents": []}]` },
    ];

    for (const place of places) {
      expect(await pitfall.current.ask(transport, { ...ASKED, ...place })).toMatchObject({
        error: 'invalid_request',
      });
    }
  });

  test.each(TRANSPORTS)('is fine with its other half, over %s', async (transport) => {
    const context = '{"text": "\\ud83d\\ude00"}';

    expect(await pitfall.current.ask(transport, { ...ASKED, context })).toMatchObject({ decision: 'allow' });
  });
});
