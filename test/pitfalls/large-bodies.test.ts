import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../services/engine/limits.ts';
import { encodeRequest } from '../support/decision-client.ts';
import { grpcMessage, restBody } from '../support/question.ts';
import { ASKED, OPEN_DOOR } from './support/open-door.ts';
import { TRANSPORTS, usePitfall } from './support/pitfall.ts';

const pitfall = usePitfall(OPEN_DOOR);
const MEGABYTE = 1024 * 1024;

/** White space is the least that a body can be made of. */
const blank = (bytes: number) => `{${' '.repeat(bytes)}}`;

describe('a request of 10 MB', () => {
  test.each(TRANSPORTS)('is refused over %s, and the next one is decided', async (transport) => {
    const { ask } = pitfall.current;

    expect(await ask(transport, { ...ASKED, context: blank(10 * MEGABYTE) })).not.toHaveProperty('decision');
    expect(await ask(transport, ASKED)).toMatchObject({ decision: 'allow' });
  });

  test('is refused over REST with the limit, before any of it is sent', async () => {
    const { world, token } = pitfall.current;
    const answer = await new Promise((resolve, reject) => {
      const call = request(`http://${world.addresses.rest}/v1/authorize`, {
        method: 'POST',
        agent: false,
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'content-length': 10 * MEGABYTE,
          expect: '100-continue',
        },
      });
      call.on('continue', () => reject(new Error('the server asked for the body')));
      call.on('response', (response) => json(response).then(resolve, reject));
      call.on('error', reject).flushHeaders();
    });

    expect(answer).toMatchObject({
      status: 413,
      code: 'too_large',
      limit: { name: 'body_bytes', max: LIMITS.body_bytes },
    });
  });

  test('is refused over gRPC by the size of its frame', async () => {
    expect(await pitfall.current.ask('grpc', { ...ASKED, context: blank(10 * MEGABYTE) })).toMatchObject({
      error: expect.stringMatching(/^grpc status 8: /),
    });
  });
});

describe('a request of one byte more than the limit', () => {
  test.each(TRANSPORTS)('is refused over %s, and without that byte decided', async (transport) => {
    const { ask } = pitfall.current;
    const sizeOf = (context: string): number => {
      const asked = { ...ASKED, context };

      return transport === 'rest'
        ? Buffer.byteLength(restBody(asked))
        : encodeRequest(grpcMessage(asked)).length;
    };
    // A length in protobuf may take more bytes as it grows, so the first guess is one near the limit.
    const near = LIMITS.body_bytes - 1_024;
    const room = near + (LIMITS.body_bytes - sizeOf(blank(near)));

    expect(await ask(transport, { ...ASKED, context: blank(room) })).toMatchObject({ decision: 'allow' });
    expect(await ask(transport, { ...ASKED, context: blank(room + 1) })).toMatchObject({
      error: 'too_large',
      limit: { name: 'body_bytes' },
    });
  });
});
