import type { OutcomeCall, OutcomeReply, OutcomeResult, SettledUse } from '../../outcomes/types.ts';
import type { Outcome__Output } from '../generated/palisade/v1/Outcome.ts';
import type { ReportOutcomeRequest__Output } from '../generated/palisade/v1/ReportOutcomeRequest.ts';
import { outcomeCall } from '../outcome-call.ts';
import { decodeMessage } from '../protobuf/decode.ts';
import { REPORT_OUTCOME_REQUEST } from '../protobuf/request-schema.ts';
import type { Incoming } from './contract.ts';
import { encoded, long, number, text, within } from './reply.ts';

const OUTCOMES: Readonly<Record<Outcome__Output, OutcomeResult | undefined>> = {
  OUTCOME_UNSPECIFIED: undefined,
  SUCCESS: 'success',
  FAILURE: 'failure',
};

// Numbers of `proto/palisade/v1/authorization.proto`; a test holds what is written here against it.
const NUMBERS = { success: 1, failure: 2 } as const satisfies Record<OutcomeResult, number>;
const RESPONSE = { decision_id: 1, outcome: 2, limits: 3 } as const;
const SETTLED = { name: 1, reserved: 2, charged: 3 } as const;

/** Reads a ReportOutcomeRequest. @throws PdpError `invalid_request` or `too_large`, with the field at fault. */
export function readOutcome(incoming: Incoming): OutcomeCall {
  if (!Buffer.isBuffer(incoming)) throw incoming.error;
  const message = decodeMessage(REPORT_OUTCOME_REQUEST, incoming) as unknown as ReportOutcomeRequest__Output;

  return outcomeCall({
    decision_id: message.decision_id,
    outcome: OUTCOMES[message.outcome],
    cost: message.cost.map(({ limit, amount }) => [limit, BigInt(amount)]),
    input_tokens: figure(message.input_tokens),
    output_tokens: figure(message.output_tokens),
    duration_ms: figure(message.duration_ms),
    output_digest: message.output_digest,
  });
}

/** Writes what became of a report as the contract's ReportOutcomeResponse. */
export function encodeOutcome({ decision_id, outcome, limits }: OutcomeReply): Buffer {
  return encoded(() => {
    text(RESPONSE.decision_id, decision_id);
    number(RESPONSE.outcome, NUMBERS[outcome]);
    for (const limit of limits) within(RESPONSE.limits, () => writeSettled(limit));
  });
}

function writeSettled({ name, reserved, charged }: SettledUse): void {
  text(SETTLED.name, name);
  long(SETTLED.reserved, reserved);
  long(SETTLED.charged, charged);
}

function figure(value: string | undefined): bigint | undefined {
  return value === undefined ? undefined : BigInt(value);
}
