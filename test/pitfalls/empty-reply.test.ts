import { describe, expect, test } from 'vitest';
import { decodeResponse } from '../support/decision-client.ts';

describe('a reply that says nothing', () => {
  test('is decoded by a client as no decision, and so as no allow', () => {
    const reply = decodeResponse(Buffer.alloc(0));

    expect(reply.decision).toBe('DECISION_UNSPECIFIED');
    expect(reply.enforcement).toBe('ENFORCEMENT_UNSPECIFIED');
    expect(reply.explanation).toBeNull();
  });

  test.each([0, 3, 2 ** 31 - 1])('is no allow with a decision of the number %i either', (number) => {
    const varint: number[] = [];
    for (let rest = number; ; rest = Math.floor(rest / 128)) {
      varint.push((rest % 128) | (rest > 127 ? 128 : 0));
      if (rest <= 127) break;
    }

    expect(decodeResponse(Uint8Array.of(8, ...varint)).decision).not.toBe('ALLOW');
  });

  test('is not what an allow is', () => {
    expect(decodeResponse(Uint8Array.of(8, 1)).decision).toBe('ALLOW');
  });
});
