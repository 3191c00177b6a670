import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { encodeRequest } from '../support/decision-client.ts';
import { grpcMessage, type Question, restBody } from '../support/question.ts';
import { ASKED, OPEN_DOOR } from './support/open-door.ts';
import { TRANSPORTS, usePitfall } from './support/pitfall.ts';

const pitfall = usePitfall(OPEN_DOOR, { full_detail: false });

const MALFORMED: readonly (readonly [string, Partial<Question>, string])[] = [
  ['a context that is no JSON', { context: '{' }, 'invalid_request'],
  ['a context that is no object', { context: '[]' }, 'invalid_request'],
  ['entities that are no list', { entities: '{}' }, 'invalid_request'],
  ['an attribute of another type', { context: '{"n": "1"}' }, 'invalid_request'],
  ['an attribute that nobody declared', { context: '{"m": 1}' }, 'invalid_request'],
  ['an unknown action', { action: 'Action::"burn"' }, 'invalid_request'],
  ['a store of somebody else', { members: { policy_store: 'default' } }, 'permission_denied'],
  ['full detail without the right to it', { members: { detail: 'full' } }, 'permission_denied'],
  [
    'another bundle than the active one',
    { members: { expected_bundle_digest: 'sha256:0' } },
    'precondition_failed',
  ],
  ['a sequence that is not reached', { members: { at_least_sequence: 2n } }, 'unavailable'],
  ['too long an identifier', { members: { request_id: 'x'.repeat(257) } }, 'too_large'],
];

describe('where everything is permitted that can be decided', () => {
  test.each(TRANSPORTS)('a sound request is allowed over %s', async (transport) => {
    expect(await pitfall.current.ask(transport, ASKED)).toMatchObject({ decision: 'allow' });
  });

  // At once, since one of them waits for its deadline.
  test.concurrent.each(
    TRANSPORTS.flatMap((transport) =>
      MALFORMED.map(([what, changes, error]) => [transport, what, changes, error] as const),
    ),
  )('over %s, %s is not', async (transport, _what, changes, error) => {
    const outcome = await pitfall.current.ask(transport, { ...ASKED, ...changes });

    expect(outcome).toMatchObject({ error });
    expect(outcome).not.toHaveProperty('decision');
  });

  test('a body cut short at any byte is not', async () => {
    const body = Buffer.from(restBody(ASKED));
    const cuts = [...body.keys()].filter((at) => at % 7 === 0);

    for (const at of cuts) {
      expect(await pitfall.current.client.rest(body.subarray(0, at))).toMatchObject({
        error: 'invalid_request',
      });
    }
  });

  test('a message cut short at any byte is not, where anything was cut off that it needs', async () => {
    const message = encodeRequest(grpcMessage({ ...ASKED, context: undefined, entities: undefined }));

    for (const at of message.keys()) {
      expect(await pitfall.current.client.grpc(message.subarray(0, at))).toMatchObject({
        error: 'invalid_request',
      });
    }
  });

  test('a call without a valid credential is not', async () => {
    const { world, store } = pitfall.current;
    const response = await fetch(`http://${world.addresses.rest}/v1/authorize`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer nobody' },
      body: restBody({ ...ASKED, members: { policy_store: store } }),
    });

    expect(response.status).toBe(401);
    expect(await response.json()).not.toHaveProperty('decision');
  });

  test('a call whose deadline passed is not', async () => {
    const client = new Client(pitfall.current.world.addresses.grpc, credentials.createInsecure());
    const error = await new Promise<unknown>((resolve) => {
      client.makeUnaryRequest(
        '/palisade.v1.AuthorizationService/Authorize',
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => bytes,
        encodeRequest(grpcMessage(ASKED)),
        new Metadata(),
        { deadline: Date.now() - 1 },
        (failed) => resolve(failed),
      );
    });
    client.close();

    expect(error).toMatchObject({ code: status.DEADLINE_EXCEEDED });
  });
});
