import { describe, expect, test } from 'vitest';
import { PdpError } from '../../../services/engine/error.ts';
import { callExtension, EXTENSION_FUNCTIONS } from '../../../services/engine/extension/call.ts';
import { Datetime } from '../../../services/engine/extension/datetime.ts';
import { Duration } from '../../../services/engine/extension/duration.ts';
import { LONG_MAX, LONG_MIN } from '../../../services/engine/value/long.ts';
import type { Value } from '../../../services/engine/value/value.ts';
import { disagreements, type Judged } from './cedar-oracle.ts';
import { ACCEPTED, CALLS, REFUSED } from './examples.ts';

describe('a constructor', () => {
  test.each(ACCEPTED)('%s("%s") makes %s', (fn, text, normal) => {
    expect(textOf(callExtension(fn, [text]))).toBe(normal);
  });

  test.each(Object.entries(REFUSED).flatMap(([fn, texts]) => texts.map((text) => [fn, text] as const)))(
    '%s(%j) is refused',
    (fn, text) => {
      expect(judged(fn, [text]).result).toBeUndefined();
    },
  );

  test('takes one string and nothing else', () => {
    for (const fn of ['ip', 'decimal', 'datetime', 'duration']) {
      for (const args of [[], [1n], [true], ['1', '1']]) expect(judged(fn, args).result).toBeUndefined();
    }
  });
});

describe('a method', () => {
  test.each(CALLS)('%s(%j) gives %s', (fn, args, result) => {
    const value = judged(fn, args.map(argument)).result;

    expect(value === undefined ? undefined : textOf(value)).toBe(result);
  });

  test('goes to the ends of a Long and not beyond', () => {
    const first = new Datetime(LONG_MIN);
    const earliestMidnight = new Datetime(-9_223_372_036_828_800_000n);

    expect(first.toDate()).toBeUndefined();
    expect(first.toTime()).toEqual(new Duration(60_424_192n));
    expect(earliestMidnight.toDate()).toEqual(earliestMidnight);
    expect(new Datetime(-9_223_372_036_828_800_001n).toDate()).toBeUndefined();
    expect(new Datetime(LONG_MAX).durationSince(new Datetime(-1n))).toBeUndefined();
  });
});

test('Cedar agrees with every example', () => {
  const constructions = [
    ...ACCEPTED.map(([fn, text]) => judged(fn, [text])),
    ...Object.entries(REFUSED).flatMap(([fn, texts]) => texts.map((text) => judged(fn, [text]))),
  ];
  const calls = CALLS.map(([fn, args]) => judged(fn, args.map(argument)));

  expect(disagreements([...constructions, ...calls])).toEqual([]);
});

test('no function stands for a value that is not known yet', () => {
  expect(EXTENSION_FUNCTIONS.has('unknown')).toBe(false);
  expect(() => callExtension('unknown', ['x'], () => 'context.a')).toThrow(
    expect.objectContaining({ code: 'invalid_request', field: 'context.a' }),
  );
});

test('text of any length is refused or read in linear time', () => {
  const long = 'x0.1:'.repeat(50_000);
  for (const fn of ['ip', 'decimal', 'datetime', 'duration']) {
    for (const text of [long, '0'.repeat(250_000), '1d'.repeat(100_000)]) {
      expect(judged(fn, [text]).result).toBeUndefined();
    }
  }
  expect(textOf(callExtension('decimal', [`${'0'.repeat(250_000)}1.5`]))).toBe('1.5');
});

function judged(fn: string, args: readonly Value[]): Judged {
  try {
    return { fn, args, result: callExtension(fn, args) };
  } catch (error) {
    if (error instanceof PdpError && error.code === 'invalid_request') return { fn, args, result: undefined };
    throw error;
  }
}

function argument(text: string): Value {
  const [fn = '', made] = text.split(' ');

  return made === undefined ? text : callExtension(fn, [made]);
}

function textOf(value: Value): boolean | bigint | string {
  if (typeof value !== 'object') return value;

  return 'text' in value ? value.text() : value.canonical();
}
