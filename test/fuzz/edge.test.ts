import { expect, test } from 'vitest';
import { withWorld } from '../support/server.ts';
import { fuzz } from './run.ts';

test('random and mutated requests find no difference from Cedar, no crash, no hang and no stall', {
  timeout: 60_000,
}, async () => {
  const lines: string[] = [];
  const { differences, outcomes } = await withWorld((world) =>
    fuzz(world, { requests: 300, seed: 20_261_122, print: (line) => lines.push(line) }),
  );

  expect(differences, lines.join('\n')).toBe(0);
  // A generator that never reached these would prove nothing.
  for (const kind of ['allow', 'deny', 'invalid_request', 'invalid_argument'])
    expect(outcomes.get(kind), kind).toBeGreaterThan(20);
});
