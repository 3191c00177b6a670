import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DECISION_PATHS, openApiDocument } from '../../../services/pdp/wire/rest/openapi.ts';
import { replyTo } from './recorder.ts';
import { type HttpCall, http, PARC, until, withWire } from './support.ts';

const BODY = JSON.stringify(PARC);

describe('REST answers', () => {
  test.each<[string, HttpCall]>([
    ['a charset of utf-8', { headers: { 'content-type': 'application/json; charset=UTF-8' } }],
    ['identity as encoding', { headers: { 'content-encoding': 'identity' } }],
    ['localhost', { headers: { host: 'LocalHost:7180' } }],
    ['another loopback address', { headers: { host: '127.0.0.53:1' } }],
    ['the IPv6 loopback address', { headers: { host: '[::1]:7180' } }],
    ['a configured name', { headers: { host: 'pdp.internal:7180' } }],
    ['an Origin of its own', { headers: { host: 'localhost:7180', origin: 'http://localhost:7180' } }],
    ['an Expect: 100-continue', { headers: { expect: '100-continue' } }],
  ])('%s', async (_what, call) => {
    await withWire(
      async (wire) => {
        expect(await http(wire, { body: BODY, ...call })).toMatchObject({ status: 200 });
      },
      { hosts: ['pdp.internal'] },
    );
  });

  test('integers exactly, both ways', async () => {
    await withWire(async (wire) => {
      wire.service.decide = async (call, scope) => ({
        ...replyTo(call, scope),
        state_sequence: call.at_least_sequence,
      });
      const body = BODY.replace(
        '{',
        '{"at_least_sequence":18446744073709551615,"run":{"step":9007199254740993},',
      );
      const { text } = await http(wire, { body });

      expect(wire.service.calls[0]?.call).toMatchObject({
        at_least_sequence: 2n ** 64n - 1n,
        run: { step: 9_007_199_254_740_993n },
      });
      expect(text).toContain('"state_sequence":18446744073709551615,');
    });
  });

  test('with headers that keep browsers out', async () => {
    await withWire(async (wire) => {
      const { headers } = await http(wire, { body: BODY });

      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers['x-powered-by']).toBeUndefined();
    });
  });

  test('the OpenAPI document that is checked in', async () => {
    await withWire(async (wire) => {
      const { status, headers, text } = await http(wire, {
        method: 'GET',
        path: '/openapi.json',
        headers: { 'content-type': [] },
      });

      expect(status).toBe(200);
      expect(headers['content-type']).toBe('application/json');
      expect(text).toBe(openApiDocument(DECISION_PATHS));
      const checkedIn = JSON.parse(
        readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf8'),
      );
      expect(checkedIn.openapi).toBe('3.1.0');
      expect(checkedIn.paths).toMatchObject(JSON.parse(text).paths);
    });
  });
});

describe('closing', () => {
  test('answers what is in flight and takes nothing new', async () => {
    await withWire(async (wire) => {
      const release = Promise.withResolvers<void>();
      wire.service.decide = async (call, scope) => {
        await release.promise;
        return replyTo(call, scope);
      };
      const inFlight = http(wire, { body: BODY });
      await until(() => wire.service.calls.length === 1);
      const closed = wire.rest.close(5_000);
      await expect(http(wire, { body: BODY })).rejects.toThrow('ECONNREFUSED');
      release.resolve();

      expect(await inFlight).toMatchObject({ status: 200, headers: { connection: 'close' } });
      await closed;
    });
  });

  test('cuts off at its deadline what does not end', async () => {
    await withWire(async (wire) => {
      wire.service.decide = () => new Promise(() => undefined);
      const inFlight = http(wire, { body: BODY }).catch((error: Error) => error);
      await until(() => wire.service.calls.length === 1);
      await wire.rest.close(20);

      expect(await inFlight).toBeInstanceOf(Error);
    });
  });
});
