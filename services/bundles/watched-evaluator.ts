import { PdpError } from '../engine/error.ts';
import type { Evaluator } from '../engine/evaluator.ts';

/**
 * Judges by the evaluator of production, and has a traced one see the same requests.
 * @throws PdpError from `evaluate`: `internal` where the two differ, since one of them is then wrong.
 */
export function watchedEvaluator(production: Evaluator, traced: Evaluator): Evaluator {
  return {
    name: production.name,
    restarts: production.restarts,
    quarantined: production.quarantined,
    evaluate(request) {
      const evaluation = production.evaluate(request);
      if (JSON.stringify(traced.evaluate(request)) !== JSON.stringify(evaluation)) {
        throw new PdpError('internal', 'the traced evaluator judges other than the one that decides');
      }

      return evaluation;
    },
  };
}
