import { PdpError } from '../error.ts';
import type { Evaluation, Evaluator } from '../evaluator.ts';
import type { Policy } from '../policy.ts';
import { reachableEntities } from '../reach.ts';
import { type CedarAnswer, readAnswer } from './answer.ts';
import { createCedarSession } from './session.ts';

/**
 * Cedar over all policies at once, without an index of ours between: what slices and the compiled evaluator are held against. It
 * parses once and pays for every policy in each request, so it is for hundreds of them.
 */
export function createWholeSetJudge(
  schemaText: string,
  policies: readonly Policy[],
): Pick<Evaluator, 'evaluate'> {
  const session = createCedarSession(schemaText);
  const literals = policies.flatMap((policy) => policy.literals);

  return {
    evaluate(request) {
      const entities = reachableEntities(request, literals);
      try {
        return evaluationOf(readAnswer(session.authorize(request, entities, 'all', policies)));
      } catch (cause) {
        throw new PdpError('internal', 'this request could not be evaluated', { cause });
      }
    },
  };
}

/** Cedar's answer in the order of ours: its own changes from call to call. */
export function evaluationOf({ decision, reason, errors }: CedarAnswer): Evaluation {
  return {
    decision,
    determining: reason.toSorted(),
    errors: errors.toSorted((a, b) => (a.policyId < b.policyId ? -1 : 1)),
  };
}
