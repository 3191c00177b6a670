import { status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { PdpError } from '../../../services/engine/error.ts';
import { LIMITS } from '../../../services/engine/limits.ts';
import { replyTo } from './recorder.ts';
import { authorizeBatch, http, PARC, withWire } from './support.ts';

describe('a batch', () => {
  test('has a result for each request, in order, errors in their place', async () => {
    await withWire(async (wire) => {
      wire.service.decide = async (call, scope) => {
        if (call.request_id === 'refused')
          throw new PdpError('not_found', 'no such store', { field: 'policy_store' });
        return replyTo(call, scope);
      };
      wire.service.authorizeBatch = async (batch, scope) =>
        Promise.all(
          (await batch.read()).map((call) =>
            call instanceof PdpError
              ? call
              : wire.service.decide(call, scope).catch((error: PdpError) => error),
          ),
        );

      const { reply } = await authorizeBatch(wire, [
        { ...PARC, request_id: 'first' },
        { ...PARC, request_id: 'refused' },
        { ...PARC, request_id: 'unreadable', context_json: '{' },
        { ...PARC, request_id: 'last' },
      ]);

      expect(reply?.results).toMatchObject([
        {
          request_id: 'first',
          index: 0,
          outcome: 'response',
          response: { decision: 'ALLOW', request_id: 'first' },
        },
        {
          request_id: 'refused',
          index: 1,
          outcome: 'error',
          error: { code: 'not_found', field: 'policy_store' },
        },
        {
          request_id: 'unreadable',
          index: 2,
          outcome: 'error',
          error: { code: 'invalid_request', field: 'context' },
        },
        { request_id: 'last', index: 3, outcome: 'response' },
      ]);

      const { text } = await http(wire, {
        path: '/v1/authorize/batch',
        body: `{"requests":[${[
          JSON.stringify({ ...PARC, request_id: 'first' }),
          JSON.stringify({ ...PARC, request_id: 'refused' }),
          JSON.stringify({ ...PARC, request_id: 'unreadable', context: 'x' }),
          '{"request_id":"broken",}',
          JSON.stringify({ ...PARC }),
        ]}]}`,
      });

      expect(JSON.parse(text).results).toMatchObject([
        { request_id: 'first', index: 0, response: { decision: 'allow' } },
        {
          request_id: 'refused',
          index: 1,
          error: { code: 'not_found', field: 'policy_store', message: 'no such store' },
        },
        { request_id: 'unreadable', index: 2, error: { code: 'invalid_request', field: 'context' } },
        { index: 3, error: { code: 'invalid_request' } },
        { index: 4, response: { decision: 'allow' } },
      ]);
    });
  });

  test('bounds each request for itself', async () => {
    await withWire(async (wire) => {
      const large = { ...PARC, context_json: `{"a":"${'x'.repeat(LIMITS.body_bytes)}"}` };
      const { reply } = await authorizeBatch(wire, [large, PARC]);
      const { text } = await http(wire, {
        path: '/v1/authorize/batch',
        body: JSON.stringify({
          requests: [{ ...PARC, context: { a: 'x'.repeat(LIMITS.body_bytes) } }, PARC],
        }),
      });

      expect(reply?.results).toMatchObject([
        { outcome: 'error', error: { code: 'too_large' } },
        { outcome: 'response' },
      ]);
      expect(JSON.parse(text).results).toMatchObject([{ error: { code: 'too_large' } }, { response: {} }]);
    });
  });

  test('may be empty, and never over the limit', async () => {
    await withWire(async (wire) => {
      const many = Array(LIMITS.batch_items + 1).fill(PARC);
      const path = '/v1/authorize/batch';

      expect((await authorizeBatch(wire, [])).reply).toMatchObject({ results: [] });
      expect((await authorizeBatch(wire, many)).error).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
      expect(await http(wire, { path, body: '{"requests":[]}' })).toMatchObject({
        status: 200,
        text: '{"results":[]}',
      });
      expect(await http(wire, { path, body: JSON.stringify({ requests: many }) })).toMatchObject({
        status: 413,
      });
      expect(wire.service.calls).toEqual([]);
    });
  });

  test('is an error as a whole where the service does not answer each request', async () => {
    await withWire(async (wire) => {
      wire.service.authorizeBatch = async () => [];

      expect((await authorizeBatch(wire, [PARC])).error).toMatchObject({ code: status.INTERNAL });
      expect(
        await http(wire, { path: '/v1/authorize/batch', body: JSON.stringify({ requests: [PARC] }) }),
      ).toMatchObject({ status: 500 });
    });
  });
});
