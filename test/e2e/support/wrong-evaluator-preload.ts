/**
 * Preloaded into a server, it makes the compiled evaluator wrong: a request for a resource with a very long id is allowed by the
 * first permit of the bundle. No request that is made when a bundle is loaded is like that, so both evaluators agree there.
 */
import { registerHooks } from 'node:module';
import { WRONG_FROM } from './wrong-evaluator.ts';

const EVALUATOR = new URL('../../../services/engine/compiled/evaluator.ts', import.meta.url).href;

const WRONG = `
import { createCompiledEvaluator as createRight, createEvaluatorInSteps as createInSteps } from '${EVALUATOR}?right';

export { createEvaluatorOf } from '${EVALUATOR}?right';

export const createCompiledEvaluator = (schema, policies) => wrongly(createRight(schema, policies), policies);

export const createEvaluatorInSteps = async (schema, policies, rest) =>
  wrongly(await createInSteps(schema, policies, rest), policies);

function wrongly(right, policies) {
  const { id } = policies.find(({ effect }) => effect === 'permit');
  const wrong = { decision: 'allow', determining: [id], errors: [] };

  return {
    ...right,
    evaluate: (request) => (request.resource.id.length < ${WRONG_FROM} ? right.evaluate(request) : wrong),
  };
}
`;

registerHooks({
  load: (url, context, nextLoad) =>
    url === EVALUATOR ? { format: 'module', source: WRONG, shortCircuit: true } : nextLoad(url, context),
});
