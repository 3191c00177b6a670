import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keptText, readKept } from '../../../services/pdp/idempotency/kept-reply.ts';
import { callOf, scopeOf } from '../support/calls.ts';
import { replyTo } from '../wire/recorder.ts';

const text = fc.string({ unit: 'binary' });
const long = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const limit = fc.record({
  name: text,
  used: long,
  max: long,
  amount: long,
  resets_at: fc.option(fc.nat(), { nil: undefined }),
});
const explanation = fc.record({
  determining_policies: fc.array(
    fc.record({
      policy_id: text,
      effect: fc.constant('forbid' as const),
      annotations: fc.constant({ a: 'b' }),
    }),
  ),
  errors: fc.array(fc.record({ policy_id: text, message: text })),
  cedar_decision: fc.constant('deny' as const),
  policy_decision: fc.constant('deny' as const),
});

test('a reply is read back as it was, whatever it holds, and says that it is told again', () => {
  const parts = fc.record({
    message: text,
    alternatives: fc.array(text),
    obligations: fc.array(fc.record({ id: text, params: fc.dictionary(text, text) })),
    limits: fc.array(limit, { maxLength: 3 }),
    state_sequence: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    retry_after_ms: fc.nat(),
    explanation: fc.option(explanation, { nil: undefined }),
  });
  fc.assert(
    fc.property(parts, (changes) => {
      const reply = { ...replyTo(callOf(), scopeOf()), ...changes };

      expect(readKept(keptText(reply))).toEqual({ ...reply, replayed: true });
    }),
  );
});
