import { z } from 'zod';
import { liftOverride, overrideHistory, type PastOverride } from '../../store/evaluator-overrides.ts';
import { NOT_DEPLOYED, newRecordId, recordChange } from '../change-record.ts';
import type { JsonValue } from '../wire/rest/json-text.ts';
import { actingOf } from './apply-change.ts';
import { digestOf } from './bundles.ts';
import { type AdminContext, adminOf, followChange, reply } from './context.ts';
import { readInput } from './input.ts';
import { type AdminRoute, createAdminRoutes } from './routes.ts';

/** Body of `POST /v1/evaluator-overrides/{digest}/lift`. */
export const LIFT = z.strictObject({ reason: z.string().trim().min(1).max(1_024) });

const PATH = '/v1/evaluator-overrides';
/** Overrides that are shown: all in force, since they are few, and the last ones that were lifted. */
const SHOWN = 200;

/** `/v1/evaluator-overrides`: the bundles that Cedar judges because another evaluator was wrong, and how that ends. */
export function evaluatorRoutes(context: AdminContext): readonly AdminRoute[] {
  const { poolFor, ledger } = context;
  const routes = createAdminRoutes();

  routes.get(PATH, 'readEvaluators', async (request, response) => {
    const overrides = await overrideHistory(poolFor(request), SHOWN);
    reply(request, response, 200, { overrides: overrides.map(toJson) });
  });

  routes.post(`${PATH}/:digest/lift`, 'liftOverride', async (request, response) => {
    const digest = digestOf(request.params.digest);
    const { reason } = await readInput(request, response, LIFT);
    const author = adminOf(request).subject;
    const recordId = newRecordId(Date.now());
    await liftOverride(poolFor(request), { digest, author, reason, recordId }, ({ decisionId, processId }) =>
      recordChange(ledger, actingOf(request), recordId, {
        ...NOT_DEPLOYED,
        ...{ store: null, action: 'lift_override', author, reason },
        evaluator: { digest, decision_id: decisionId, process_id: processId },
      }),
    );
    await followChange(context);
    reply(request, response, 200, { digest, lifted: true, record_id: recordId });
  });

  return routes.all;
}

function toJson(override: PastOverride): JsonValue {
  const { liftedAt, liftedBy, liftReason } = override;

  return {
    digest: override.digest,
    name: override.bundleName,
    version: override.bundleVersion,
    reason: override.reason,
    decision_id: override.decisionId,
    process_id: override.processId,
    created_at: override.createdAt.toISOString(),
    lifted:
      liftedAt === null
        ? undefined
        : { at: liftedAt.toISOString(), by: liftedBy ?? '', reason: liftReason ?? '' },
  };
}
