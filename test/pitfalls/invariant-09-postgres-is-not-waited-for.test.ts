import { expect, test } from 'vitest';
import { createDecisionClient } from '../support/decision-client.ts';
import { withPrivateWorld } from '../support/private-postgres.ts';
import { grpcMessage, restBody } from '../support/question.ts';
import { deploy } from '../support/shared-store.ts';
import { ASKED, OPEN_DOOR } from './support/open-door.ts';
import { filesOf } from './support/pitfall.ts';

/** More than stopping PostgreSQL takes on a busy machine. */
const MAX_STALENESS_MS = 3_000;

test('decisions go on without PostgreSQL until the state is stale, and again once it is back', async () => {
  await withPrivateWorld(async (world, postgres) => {
    const { addresses } = await world.serve({
      PALISADE_POLL_INTERVAL: '100ms',
      PALISADE_MAX_STALENESS: `${MAX_STALENESS_MS}ms`,
    });
    await deploy({ ...world, addresses }, 'default', filesOf(OPEN_DOOR));
    const client = createDecisionClient(addresses, world.runtimeToken);
    const askBoth = () => Promise.all([client.grpc(grpcMessage(ASKED)), client.rest(restBody(ASKED))]);
    const everyOutcome = (outcome: object) => [outcome, outcome].map((one) => expect.objectContaining(one));

    await postgres.stop();
    expect(await askBoth()).toEqual(everyOutcome({ decision: 'allow' }));

    await new Promise((resolve) => setTimeout(resolve, MAX_STALENESS_MS + 100));
    expect(await askBoth()).toEqual(everyOutcome({ error: 'unavailable' }));

    await postgres.start();
    const until = performance.now() + 10_000;
    while ('error' in (await client.rest(restBody(ASKED))) && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await askBoth()).toEqual(everyOutcome({ decision: 'allow' }));
    client.close();
  });
});
