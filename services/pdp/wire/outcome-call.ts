import { PdpError } from '../../engine/error.ts';
import type { OutcomeCall, OutcomeResult } from '../outcomes/types.ts';

/** The fields of one ReportOutcome message as a transport read them; undefined is absent. */
export interface OutcomeEnvelope {
  readonly decision_id: string;
  readonly outcome: OutcomeResult | undefined;
  readonly cost: readonly (readonly [name: string, amount: bigint])[];
  readonly input_tokens: bigint | undefined;
  readonly output_tokens: bigint | undefined;
  readonly duration_ms: bigint | undefined;
  readonly output_digest: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const DIGEST = /^(sha256:[0-9a-f]{64})?$/;

/**
 * Makes the one form of a ReportOutcome message from what either transport read.
 * @throws PdpError `invalid_request` where the decision or the outcome is absent, a cost is negative or comes twice, or the digest is none.
 */
export function outcomeCall(envelope: OutcomeEnvelope): OutcomeCall {
  const { decision_id, outcome, output_digest } = envelope;
  if (!UUID.test(decision_id)) throw refused('decision_id', 'is no decision id');
  if (outcome === undefined) throw refused('outcome', 'is required');
  if (!DIGEST.test(output_digest)) throw refused('output_digest', 'must be sha256: and 64 hex digits');

  return { ...envelope, outcome, cost: costsOf(envelope) };
}

function costsOf({ cost }: OutcomeEnvelope): ReadonlyMap<string, bigint> {
  const costs = new Map<string, bigint>();
  for (const [name, amount] of cost) {
    if (costs.has(name)) throw refused(`cost.${name}`, 'comes twice');
    if (amount < 0n) throw refused(`cost.${name}`, 'cannot be negative');
    costs.set(name, amount);
  }

  return costs;
}

function refused(field: string, problem: string): PdpError {
  return new PdpError('invalid_request', `${field} ${problem}`, { field });
}
