import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RunReply } from '../../../services/pdp/types.ts';
import type { AuthorizationServiceDefinition } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizationService.ts';
import { CONTRACT, SERVICE_NAME } from '../../../services/pdp/wire/grpc/contract.ts';
import { encodeRun } from '../../../services/pdp/wire/grpc/run-reply.ts';

// The stock decoder, as a client has it.
const { StartRun } = CONTRACT[SERVICE_NAME] as unknown as AuthorizationServiceDefinition;

const text = fc.string({ unit: 'grapheme' });
const time = fc.nat({ max: 4_102_444_800_000 });
const replies: fc.Arbitrary<RunReply> = fc.record({
  run_id: fc.uuid(),
  principal: fc.record({ type: text, id: text }),
  policy_store: text,
  parent_run_id: text,
  root_run_id: fc.uuid(),
  conversation_id: text,
  labels: fc.array(fc.stringMatching(/^[a-z]{1,9}$/), { maxLength: 5 }),
  steps: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  open: fc.boolean(),
  started_at: time,
  ends_at: time,
  request_id: text,
  trace_id: text,
});

test('a run is written as the contract says, whatever stands in it', () => {
  fc.assert(
    fc.property(replies, (reply) => {
      const { started_at, ends_at, ...read } = StartRun.responseDeserialize(encodeRun(reply));

      expect({ ...read, principal: { ...read.principal } }).toEqual({
        ...withoutTimes(reply),
        steps: String(reply.steps),
      });
      expect([msOf(started_at), msOf(ends_at)]).toEqual([reply.started_at, reply.ends_at]);
    }),
  );
});

function withoutTimes({ started_at: _, ends_at: __, ...rest }: RunReply) {
  return rest;
}

function msOf(read: { readonly seconds: string; readonly nanos: number } | null): number {
  return Number(read?.seconds) * 1_000 + Number(read?.nanos) / 1_000_000;
}
