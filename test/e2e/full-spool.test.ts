import { expect, test } from 'vitest';
import { fillDisk, reachCap } from '../chaos/full-spool.ts';
import { withPrivateWorld } from '../support/private-postgres.ts';
import { withWorld } from '../support/server.ts';

test('a spool at its cap refuses decisions, and takes them again when PostgreSQL returns', {
  timeout: 180_000,
}, async () => {
  await withPrivateWorld(async (world, postgres) => {
    expect((await reachCap(world, postgres)).problems).toEqual([]);
  });
});

test('a full disk refuses decisions, and takes them again when there is room', { timeout: 180_000 }, async ({
  skip,
}) => {
  await withWorld(async (world) => {
    const report = await fillDisk(world);
    if (report === undefined) return skip('this account may not mount a small disk');

    expect(report.problems).toEqual([]);
  });
});
