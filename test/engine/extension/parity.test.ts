import { expect, test } from 'vitest';
import { EXTENSION_FUNCTIONS } from '../../../services/engine/extension/call.ts';
import type { Value } from '../../../services/engine/value/value.ts';
import { Random } from '../data/random.ts';
import { disagreements, type Judged } from './cedar-oracle.ts';
import { ACCEPTED, REFUSED } from './examples.ts';

const CALLS = Number(process.env['PALISADE_PARITY_CALLS'] ?? 6_000);
const SEED = Number(process.env['PALISADE_PARITY_SEED'] ?? 20_261_122);
const CALLS_AT_ONCE = 200;
/** Results that are kept as arguments of later calls. */
const MADE = 300;

const TEXTS = [...ACCEPTED.map(([, text]) => text), ...Object.values(REFUSED).flat()].filter(
  (text) => text.length < 60,
);
const ALPHABET = Array.from('0123456789abcdefhmsTZ:./-+ \u0661');
const CONSTRUCTORS = ['ip', 'decimal', 'datetime', 'duration'];
const METHODS = [...EXTENSION_FUNCTIONS.keys()].filter((fn) => !CONSTRUCTORS.includes(fn));

test('extension functions fail where Cedar fails, and else give the same', {
  timeout: CALLS * 5 + 10_000,
}, () => {
  const random = new Random(SEED);
  const made: Value[] = ['x', 1n];
  for (let done = 0; done < CALLS; done += CALLS_AT_ONCE) {
    const calls: Judged[] = Array.from({ length: CALLS_AT_ONCE }, () => {
      const call = random.oneIn(3) ? randomMethod(random, made) : randomConstruction(random);
      const { result } = call;
      if (typeof result === 'object')
        made[made.length < MADE ? made.length : 2 + random.below(MADE - 2)] = result;

      return call;
    });

    expect(disagreements(calls)).toEqual([]);
  }
});

/** An example with some characters gone, changed or added. */
function randomConstruction(random: Random): Judged {
  const characters = Array.from(random.pick(TEXTS));
  for (let change = random.below(4); change > 0; change -= 1) {
    characters.splice(
      random.below(characters.length + 1),
      random.below(2),
      ...random.list(1, () => random.pick(ALPHABET)),
    );
  }

  return judge(random.pick(CONSTRUCTORS), [characters.join('')]);
}

/** Mostly with as many arguments as it takes. */
function randomMethod(random: Random, made: readonly Value[]): Judged {
  const fn = random.pick(METHODS);
  const params = EXTENSION_FUNCTIONS.get(fn)?.params ?? [];
  const args = params.map((param) =>
    random.pick(random.oneIn(8) ? made : [...made.filter((value) => isOf(value, param)), 'x']),
  );

  return judge(fn, random.oneIn(20) ? [...args, random.pick(made)] : args);
}

function isOf(value: Value, type: string): boolean {
  return typeof value === 'object' && 'type' in value && value.type === type;
}

function judge(fn: string, args: readonly Value[]): Judged {
  return { fn, args, result: EXTENSION_FUNCTIONS.get(fn)?.call(args) };
}
