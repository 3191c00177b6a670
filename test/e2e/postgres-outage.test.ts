import { expect, test } from 'vitest';
import { killPostgres, stopPostgres } from '../chaos/outage.ts';
import { withPrivateWorld } from '../support/private-postgres.ts';

const OUTAGE_MS = 3_000;

test('no decision fails and none is lost while PostgreSQL is stopped', { timeout: 180_000 }, async () => {
  await withPrivateWorld(async (world, postgres) => {
    const { answers, problems } = await stopPostgres(world, postgres, OUTAGE_MS);

    expect(problems).toEqual([]);
    expect(answers).toBeGreaterThan(0);
  });
});

test('no decision fails and none is lost while processes of PostgreSQL are killed', {
  timeout: 180_000,
}, async () => {
  await withPrivateWorld(async (world, postgres) => {
    const { answers, problems } = await killPostgres(world, postgres, 1);

    expect(problems).toEqual([]);
    expect(answers).toBeGreaterThan(0);
  });
});
