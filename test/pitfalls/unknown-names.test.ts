import { describe, expect, test } from 'vitest';
import { createDecisionClient } from '../support/decision-client.ts';
import { grpcMessage, restBody } from '../support/question.ts';
import { createCredential, createStore, uniqueName } from '../support/shared-store.ts';
import { ASKED, OPEN_DOOR } from './support/open-door.ts';
import { TRANSPORTS, usePitfall } from './support/pitfall.ts';

const pitfall = usePitfall(OPEN_DOOR);

describe('what the server does not know is refused, never taken for something else:', () => {
  test.each(
    TRANSPORTS.flatMap((transport) =>
      ['Action::"VIEW"', 'Action::"view "', 'Action::""', 'Other::Action::"view"', 'action::"view"'].map(
        (action) => [transport, action] as const,
      ),
    ),
  )('over %s the action %s', async (transport, action) => {
    expect(await pitfall.current.ask(transport, { ...ASKED, action })).toMatchObject({
      error: 'invalid_request',
      field: 'action',
    });
  });

  test.each(TRANSPORTS)('over %s a store, whether it is there or not', async (transport) => {
    for (const policy_store of ['default', 'never-made', '../default', '*']) {
      expect(await pitfall.current.ask(transport, { ...ASKED, members: { policy_store } })).toMatchObject({
        error: 'permission_denied',
        field: 'policy_store',
      });
    }
  });

  test('over both transports a store that runs nothing', async () => {
    const { world } = pitfall.current;
    const store = uniqueName('empty');
    await createStore(world, store);
    const client = createDecisionClient(world.addresses, await createCredential(world, { stores: [store] }));
    const ask = { grpc: () => client.grpc(grpcMessage(ASKED)), rest: () => client.rest(restBody(ASKED)) };

    // Until the server follows, it knows neither the credential nor the store.
    for (const transport of TRANSPORTS) {
      await expect.poll(ask[transport], { timeout: 10_000 }).toMatchObject({ error: 'unavailable' });
    }
    client.close();
  });

  test('over REST a member', async () => {
    const body = restBody({ ...ASKED, members: { force: true } });

    expect(await pitfall.current.client.rest(body)).toMatchObject({
      error: 'invalid_request',
      field: 'force',
    });
  });

  test('over gRPC a field', async () => {
    const message = Buffer.from([0xfa, 0x01, 0x01, 0x78]);

    expect(await pitfall.current.client.grpc(message)).toMatchObject({ error: 'invalid_request' });
  });
});
