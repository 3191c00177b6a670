import type { CompiledBundle } from '../../bundles/compile.ts';
import { decideByBundle } from '../../bundles/decide.ts';
import type { StoredEntities } from '../../bundles/stored/stored-entities.ts';
import { CedarRefusal } from '../../engine/cedar/answer.ts';
import { PdpError } from '../../engine/error.ts';
import type { FactName } from '../../engine/facts/shape.ts';
import type { Judgement, ServedVerdict, VerificationCase } from './messages.ts';
import { readRecordedFacts, readRecordedRequest } from './recorded.ts';

/**
 * Judges a recorded decision again, from the text that its record keeps, and says whether the verdict is the same. A request that
 * Cedar refuses to judge is a difference; what it could not judge (it trapped, or a limit of its own was reached) is not.
 * @param bundle whose evaluator is Cedar's own.
 * @param stored what the store held at the decision; needed where the bundle reads it.
 */
export function judgeAgain(
  bundle: CompiledBundle,
  { input, facts, served }: VerificationCase,
  stored?: StoredEntities,
): Judgement {
  const ours = verdictText(served);
  try {
    const cedar = cedarVerdict(bundle, { input, facts }, stored);

    return cedar === ours ? { kind: 'equal' } : { kind: 'different', served: ours, cedar };
  } catch (error) {
    return { kind: 'failed', problem: problemText(error) };
  }
}

/** What went wrong, for the process log: an error and its causes on one line. */
export function problemText(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);

  return thrown.cause === undefined ? thrown.message : `${thrown.message}: ${problemText(thrown.cause)}`;
}

function cedarVerdict(
  bundle: CompiledBundle,
  { input, facts }: Pick<VerificationCase, 'input' | 'facts'>,
  stored: StoredEntities | undefined,
): string {
  try {
    const asked = readRecordedRequest(input);
    const recordedFacts = (names: readonly FactName[]) => readRecordedFacts(bundle, facts, names);
    const { evaluation } = decideByBundle(bundle, asked, recordedFacts, {
      recorded: true,
      ...(stored === undefined ? {} : { stored }),
    });
    const failing = evaluation.errors.map(({ policyId }) => policyId);

    return verdictText({ ...evaluation, failing });
  } catch (error) {
    if (error instanceof PdpError && error.cause instanceof CedarRefusal) return 'no verdict: refused';
    throw error;
  }
}

function verdictText({ decision, determining, failing }: ServedVerdict): string {
  return `${decision} by ${JSON.stringify(determining)}, failing ${JSON.stringify(failing)}`;
}
