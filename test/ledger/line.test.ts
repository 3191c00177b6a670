import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeLine, encodeLine, lineBound, writeLine } from '../../services/ledger/spool/line.ts';

const parts = fc.tuple(
  fc.json().map((json) => json.replaceAll(/[\t\n]/g, ' ')),
  fc.option(fc.base64String().map((base64) => JSON.stringify({ ciphertext: base64 }))),
);

function lineBytes(text: string, input: string | null): Buffer {
  const line = Buffer.from(encodeLine(text, input));
  expect(line.indexOf(0x0a)).toBe(line.length - 1);
  return line.subarray(0, -1);
}

describe('a spool line', () => {
  test('gives back the text and the input that it was made of', () => {
    fc.assert(
      fc.property(parts, ([text, input]) => {
        expect(decodeLine(lineBytes(text, input))).toEqual({ text, input });
      }),
    );
  });

  test('is the same in a buffer, anywhere in it, and within its bound', () => {
    const texts = fc.tuple(fc.string({ unit: 'grapheme' }), fc.option(fc.string({ unit: 'grapheme' })));
    fc.assert(
      fc.property(texts, fc.nat({ max: 9 }), ([text, input], start) => {
        const line = Buffer.from(encodeLine(text, input));
        const buffer = Buffer.alloc(start + lineBound(text, input));
        const { textEnd, end } = writeLine(buffer, start, text, input);

        expect(buffer.subarray(start, end)).toEqual(line);
        expect(buffer.toString('utf8', start, textEnd)).toBe(text);
      }),
    );
  });

  test('is not cut where a buffer ends', () => {
    const text = '{"subject":"ci"}';
    const { length } = encodeLine(text, null);

    for (let bytes = 0; bytes < length; bytes += 1) {
      expect(() => writeLine(Buffer.alloc(bytes), 0, text, null)).toThrow(RangeError);
    }
  });

  test('is told from one in which any byte is another', () => {
    fc.assert(
      fc.property(parts, fc.nat(), fc.integer({ min: 1, max: 255 }), ([text, input], at, difference) => {
        const bytes = Buffer.from(lineBytes(text, input));
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ difference;

        expect(decodeLine(bytes)).toBeUndefined();
      }),
    );
  });

  test('is told from its own beginning', () => {
    fc.assert(
      fc.property(parts, fc.nat(), ([text, input], at) => {
        const bytes = lineBytes(text, input);

        expect(decodeLine(bytes.subarray(0, at % bytes.length))).toBeUndefined();
      }),
    );
  });
});
