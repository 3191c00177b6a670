import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PdpError } from '../../../services/engine/error.ts';
import { LIMITS } from '../../../services/engine/limits.ts';
import { parseJson, parseTrustedJson } from '../../../services/engine/raw/json.ts';
import { isRawArray, type RawNode, RawNumber, RawObject } from '../../../services/engine/raw/raw.ts';

describe('a JSON text', () => {
  test.each<[text: string, node: RawNode]>([
    ['null', null],
    [' true ', true],
    ['\t\r\n false', false],
    ['""', ''],
    ['"é😀\u007f"', 'é😀\u007f'],
    [String.raw`"\"\\\/\b\f\n\r\t\u0000\u00e9\ud83d\ude00"`, '"\\/\b\f\n\r\t\u0000é😀'],
    ['[]', []],
    ['[1,[2 , 3]]', [1n, [2n, 3n]]],
    ['{}', new RawObject(new Map(), 1)],
    [
      '{"a":1,"":{"__proto__":null}}',
      new RawObject(
        new Map<string, RawNode>([
          ['a', 1n],
          ['', new RawObject(new Map([['__proto__', null]]), 2)],
        ]),
        4,
      ),
    ],
  ])('%j is read', (text, node) => {
    expect(parseJson(text, '')).toEqual(node);
    expect(parseJson(Buffer.from(text), '')).toEqual(node);
  });

  test.each([
    ...[
      '',
      ' ',
      'nul',
      'True',
      'undefined',
      'NaN',
      'Infinity',
      '1 2',
      '[1,]',
      '[,1]',
      '[1 2]',
      '[',
      ']',
      '{',
      '}',
      '{"a"}',
      '{"a":}',
    ],
    ...[
      '{"a":1,}',
      '{a:1}',
      "{'a':1}",
      '{"a" 1}',
      '{"a":1 "b":2}',
      '{1:1}',
      '"',
      '"a',
      "'a'",
      '"\t"',
      '"\n"',
      '"\u0000"',
      '"\\',
    ],
    ...[
      '"\\x41"',
      '"\\u12"',
      '"\\u12g4"',
      '"\\u{41}"',
      '"\\',
      '01',
      '-',
      '-a',
      '+1',
      '.5',
      '1.',
      '1.e1',
      '1e',
      '1e+',
      '0x10',
      '1_0',
      '--1',
    ],
    ...['// a\n1', '1/* a */', '\u00a01', '\u20281', '\ufeff1', '[1]]', '[1}', '{"a":[}'],
  ])('%j is refused', (text) => {
    expect(() => parseJson(text, 'body')).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });

  test('begins with no byte order mark and is UTF-8 to the last byte', () => {
    const bodies = [
      [0xef, 0xbb, 0xbf, 0x31],
      [0x22, 0xff, 0x22],
      [0x22, 0xc3],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
      [0x22, 0xc0, 0x80, 0x22],
    ];
    for (const bytes of bodies) {
      expect(() => parseJson(Uint8Array.from(bytes), 'body')).toThrow(
        expect.objectContaining({ code: 'invalid_request', field: 'body' }),
      );
    }
  });

  test.each([
    ['{"a":1,"a":1}', 'context.a'],
    [String.raw`{"a":1,"\u0061":2}`, 'context.a'],
    ['{"x":[{"__proto__":1,"__proto__":2}]}', 'context.x[0].__proto__'],
    ['{"x":{"b c":1,"b c":2}}', 'context.x["b c"]'],
  ])('repeats no name: %s', (text, field) => {
    expect(() => parseJson(text, 'context')).toThrow(
      expect.objectContaining({ code: 'invalid_request', field }),
    );
  });

  test.each([
    ['"\ufffd"', ''],
    [String.raw`"\ufffd"`, ''],
    ['"\ud800"', ''],
    [String.raw`["a","\ud800"]`, '[1]'],
    [String.raw`{"k":"\ude00\ud83d"}`, 'k'],
    [String.raw`{"\ud83d":1}`, ''],
  ])('holds no text that someone has damaged: %j', (text, field) => {
    expect(() => parseJson(text, '')).toThrow(expect.objectContaining({ code: 'invalid_request', field }));
  });
});

describe('a number', () => {
  test.each([
    '0',
    '1',
    '-1',
    '999999999999999',
    '9007199254740993',
    '9223372036854775807',
    '-9223372036854775808',
  ])('%s is an exact integer', (text) => {
    expect(parseJson(text, '')).toBe(BigInt(text));
  });

  test.each([
    '-0',
    '0.0',
    '1.0',
    '1e2',
    '1E+2',
    '1e-2',
    '-1.5e3',
    '9223372036854775808',
    '-9223372036854775809',
    '1'.repeat(300),
    '1.7976931348623157e308',
  ])('%s stays text', (text) => {
    expect(parseJson(text, '')).toEqual(new RawNumber(text));
  });

  test.each(['1E400', '-1e309', '1.1E400', '1'.repeat(200_000)])(
    'that no double can hold is refused wherever it stands: %s',
    (text) => {
      // An ignored member would hide it from every later check, and Cedar refuses the text as a whole.
      const hidden = `{"uid":{"type":"A","id":"a","ignored":${text}}}`;
      expect(() => parseJson(hidden, '')).toThrow(expect.objectContaining({ code: 'invalid_request' }));
    },
  );
});

describe('the limits of a JSON text', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

  test('its containers are no deeper than json_depth', () => {
    expect(parseJson(nested(LIMITS.json_depth), '')).toBeDefined();
    expect(limitOf(() => parseJson(nested(LIMITS.json_depth + 1), 'context'))).toBe('json_depth');
    expect(limitOf(() => parseJson('['.repeat(1_000_000), 'context'))).toBe('json_depth');
    expect(limitOf(() => parseJson('{"a":'.repeat(1_000_000), 'context'))).toBe('json_depth');
    expect(limitOf(() => parseTrustedJson('['.repeat(1_000_000)))).toBe('json_depth');
  });

  test('a string has no more bytes than string_bytes, however they are spelled', () => {
    const half = LIMITS.string_bytes / 2;
    expect(parseJson(`"${'é'.repeat(half)}"`, '')).toHaveLength(half);
    expect(limitOf(() => parseJson(`"${'é'.repeat(half)}a"`, ''))).toBe('string_bytes');
    expect(limitOf(() => parseJson(`"${String.raw`\u00e9`.repeat(half + 1)}"`, ''))).toBe('string_bytes');
    expect(limitOf(() => parseJson(`{"${'a'.repeat(LIMITS.string_bytes + 1)}":1}`, ''))).toBe('string_bytes');
    expect(parseTrustedJson(`"${'a'.repeat(LIMITS.string_bytes + 1)}"`)).toHaveLength(
      LIMITS.string_bytes + 1,
    );
  });

  test('an object has no more names than record_fields', () => {
    const object = (count: number): string =>
      `{${Array.from({ length: count }, (_, index) => `"${index}":0`).join()}}`;
    expect(parseJson(object(LIMITS.record_fields), '')).toBeInstanceOf(RawObject);
    expect(limitOf(() => parseJson(object(LIMITS.record_fields + 1), ''))).toBe('record_fields');
    expect(parseTrustedJson(object(LIMITS.record_fields + 1))).toBeInstanceOf(RawObject);
  });

  test('an error shows no more of a hostile name than its beginning', () => {
    const name = 'x'.repeat(60_000);
    const error = errorOf(() => parseJson(`{"${name}":{"${name}":nope}}`, 'context'));
    expect(error.field?.length).toBeLessThan(200);
    expect(error.message.length).toBeLessThan(200);
  });
});

describe('beside JSON.parse', () => {
  const texts = fc.json({ stringUnit: 'binary', maxDepth: 4 });
  const edits = fc.array(
    fc.record({ at: fc.nat(), cut: fc.nat(2), put: fc.constantFrom('', ...'"\\{}[]:,0123.e-tnu\t ') }),
    {
      maxLength: 3,
    },
  );

  test('a text is read as the same, or not at all', () => {
    fc.assert(
      fc.property(texts, edits, (text, changes) => {
        const edited = changes.reduce((before, { at, cut, put }) => {
          const start = at % (before.length + 1);

          return before.slice(0, start) + put + before.slice(start + cut);
        }, text);
        const plain = attempt(() => JSON.parse(edited) as unknown);
        const node = attempt(() => parseJson(edited, ''));
        if (node instanceof Error) {
          expect(
            plain instanceof SyntaxError || /repeated|surrogate|limit|out of range/.test(node.message),
          ).toBe(true);
        } else {
          expect(isSame(node, plain)).toBe(true);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});

function attempt<T>(read: () => T): T | Error {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}

function errorOf(read: () => unknown): PdpError {
  const error = attempt(read);
  if (error instanceof PdpError) return error;

  throw new Error('was not refused');
}

function limitOf(read: () => unknown): string | undefined {
  const error = errorOf(read);
  expect(error.code).toBe('too_large');

  return error.limit?.name;
}

function isSame(node: RawNode, plain: unknown): boolean {
  if (node instanceof RawNumber) return Number(node.text) === plain;
  if (typeof node === 'bigint') return Number(node) === plain;
  if (isRawArray(node)) {
    return (
      Array.isArray(plain) &&
      plain.length === node.length &&
      node.every((item, index) => isSame(item, plain[index]))
    );
  }
  if (!(node instanceof RawObject)) return node === plain;
  const members = new Map(Object.entries(plain ?? {}));

  return (
    members.size === node.entries.size &&
    [...node.entries].every(([name, item]) => isSame(item, members.get(name)))
  );
}
