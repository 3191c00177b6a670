import { describe, expect, test } from 'vitest';
import { createDecisionClient, type DecisionClient, type Outcome } from '../support/decision-client.ts';
import { grpcMessage, restBody } from '../support/question.ts';
import { withWorld } from '../support/server.ts';
import { administer, deploy } from '../support/shared-store.ts';
import { ASKED, OPEN_DOOR } from './support/open-door.ts';
import { filesOf, usePitfall } from './support/pitfall.ts';

const pitfall = usePitfall(OPEN_DOOR);
const CALLS = 40;

describe('a reply that left', () => {
  test('has exactly one record, which says the same', async () => {
    const outcomes = await askAtOnce(pitfall.current.client);

    expect(new Set(outcomes.map(({ decision_id }) => decision_id)).size).toBe(CALLS);
    for (const outcome of outcomes) {
      const { decision, decision_id, reason_code, request_digest, bundle } = outcome;
      expect(await pitfall.current.record(outcome)).toMatchObject({
        decision,
        decision_id,
        reason_code,
        request_digest,
        bundle,
      });
    }
  });

  test('is in the log after its server was killed', async () => {
    await withWorld(async ({ adminToken, runtimeToken, serve }) => {
      const first = await serve();
      await deploy({ addresses: first.addresses, adminToken }, 'default', filesOf(OPEN_DOOR));
      const client = createDecisionClient(first.addresses, runtimeToken);
      const replied = (await askAtOnce(client)).map(({ decision_id }) => decision_id);
      await first.kill();
      client.close();

      const { addresses } = await serve();
      const recorded = async () => {
        const { body } = await administer({ addresses, adminToken }, 'GET', '/v1/decisions');

        return (body['records'] as readonly Outcome[])
          .filter(({ kind }) => kind === 'decision')
          .map(({ decision_id }) => decision_id)
          .sort();
      };
      await expect.poll(recorded, { timeout: 10_000 }).toEqual(replied.sort());
    });
  });
});

function askAtOnce(client: DecisionClient): Promise<Outcome[]> {
  return Promise.all(
    Array.from({ length: CALLS }, (_, index) =>
      index % 2 === 0 ? client.grpc(grpcMessage(ASKED)) : client.rest(restBody(ASKED)),
    ),
  );
}
