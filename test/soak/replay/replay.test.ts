import { expect, test } from 'vitest';
import { useWorld } from '../../support/use-world.ts';
import { recordDecisions } from './record.ts';
import { verifyLog } from './verify.ts';

const world = useWorld((made) => Promise.resolve(made));
const DECISIONS = 600;
const SEED = 1;

test('decisions of every kind, by three bundles and a canary, are decided again as they were', async () => {
  const server = await world().serve();
  const { decided, refused, reasons } = await recordDecisions(world(), server, DECISIONS, SEED);
  const { read, replayed, differing, unreplayed, code } = await verifyLog(world(), server);

  expect([...reasons.keys()].toSorted()).toEqual(
    ['1.0.0', '1.1.0', '2.0.0'].flatMap((version) =>
      ['forbidden', 'not_permitted', 'permitted', 'policy_error'].map((reason) => `${version} ${reason}`),
    ),
  );
  expect({ decided, read, replayed }).toEqual({
    decided: DECISIONS,
    read: DECISIONS + refused,
    replayed: DECISIONS,
  });
  expect({ code, differing, unreplayed }).toEqual({
    code: 0,
    differing: 0,
    unreplayed: { not_decided: refused },
  });
  expect(refused).toBeGreaterThan(0);
});
