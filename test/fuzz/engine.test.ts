import { describe, expect, test } from 'vitest';
import { Random } from '../engine/data/random.ts';
import { policyText } from './engine/random-policy.ts';
import { fuzz } from './engine/run.ts';
import { type Case, shrink } from './engine/shrink.ts';
import { WANTED } from './engine/wanted.ts';
import { randomBatches, randomWorld } from './engine/world.ts';

const MISFIT = /another type|other operands|of no entity|no group/;

describe('random policy sets over random data', () => {
  test('are judged by the compiled evaluator as by Cedar', { timeout: 120_000 }, () => {
    const texts: string[] = [];
    const { differences, coverage } = fuzz({
      requests: 2_000,
      seed: 20_261_122,
      requestsPerWorld: 15,
      print: (text) => texts.push(text),
    });

    expect(differences, texts.join('\n')).toBe(0);
    // A generator that never reached these would prove nothing. Operands that do not fit take more requests.
    expect([...WANTED.keys()].filter((what) => !MISFIT.test(what) && !coverage.reached(what))).toEqual([]);
  });

  test('are the same for the same seed', () => {
    const [first, second] = [texts(7), texts(7)];

    expect(first).toEqual(second);
    expect(texts(8)).not.toEqual(first);
  });
});

test('a case is shrunk to what makes it interesting', () => {
  const isInteresting = ({ policies, entities, asked }: Case): boolean =>
    policies.some((policy) => policyText(policy).includes(' like ')) &&
    entities.includes('"uid"') &&
    asked.context !== '';
  const start = interestingCase(isInteresting);
  const { policies, entities, asked } = shrink(start, isInteresting);

  expect(policies.map(policyText).join('\n')).toMatch(
    /^(permit|forbid)\(principal, action, resource\) (when|unless) \{ \((true|false|0) like "[^"]*"\) \};$/,
  );
  expect(JSON.parse(entities)).toHaveLength(1);
  expect(asked.context).toBe('{}');
});

function interestingCase(isInteresting: (one: Case) => boolean): Case {
  for (let seed = 1; ; seed += 1) {
    const random = new Random(seed);
    const world = randomWorld(random);
    for (const { entities, requests } of randomBatches(random, world)) {
      for (const asked of requests) {
        const found = { ...world, entities, asked };
        if (isInteresting(found)) return found;
      }
    }
  }
}

function texts(seed: number): readonly string[] {
  const random = new Random(seed);
  const world = randomWorld(random);

  return [
    world.schemaText,
    ...world.policies.map(policyText),
    ...[...randomBatches(random, world)].map((batch) => JSON.stringify(batch)),
  ];
}
