import type { DecisionReply } from '../types.ts';

/** Replies hold 64-bit integers in these members alone; as text, since JSON's numbers are not exact. */
type Kept = Omit<DecisionReply, 'state_sequence' | 'limits'> & {
  readonly state_sequence: string;
  readonly limits: readonly KeptLimit[];
};

type KeptLimit = Omit<DecisionReply['limits'][number], 'used' | 'max' | 'amount'> &
  Readonly<Record<'used' | 'max' | 'amount', string>>;

/** A reply as it is kept under its key. */
export function keptText({ state_sequence, limits, ...reply }: DecisionReply): string {
  const kept: Kept = {
    ...reply,
    state_sequence: `${state_sequence}`,
    limits: limits.map(({ used, max, amount, ...limit }) => ({
      ...limit,
      used: `${used}`,
      max: `${max}`,
      amount: `${amount}`,
    })),
  };

  return JSON.stringify(kept);
}

/** The same reply, for whoever asks again. @param text of {@link keptText}. */
export function readKept(text: string): DecisionReply {
  const { state_sequence, limits, ...reply } = JSON.parse(text) as Kept;

  return {
    ...reply,
    state_sequence: BigInt(state_sequence),
    limits: limits.map(({ used, max, amount, ...limit }) => ({
      ...limit,
      resets_at: limit.resets_at,
      used: BigInt(used),
      max: BigInt(max),
      amount: BigInt(amount),
    })),
    approval: reply.approval,
    explanation: reply.explanation,
    replayed: true,
  };
}
