import { z } from 'zod';
import type {} from 'zod-openapi';
import { runInStore } from '../../store/runs/run-in-store.ts';
import { entityOf, replyOf, unknownRun } from '../runs/keeping.ts';
import { isRunId } from '../runs/run-id.ts';
import { runBody } from '../wire/rest/reply.ts';
import { RunStatus, uint64 } from '../wire/rest/schema.ts';
import { traceOf } from '../wire/rest/watch.ts';
import { time } from './answer-parts.ts';
import { type AdminContext, reply, storeOf } from './context.ts';
import { type AdminRoute, createAdminRoutes } from './routes.ts';

export const RunReport = RunStatus.extend({
  subject: z.string().meta({ description: 'Name of the credential that started it.' }),
  actions: z
    .array(
      z.strictObject({
        action: z.strictObject({ type: z.string(), id: z.string() }),
        count: uint64,
        last: time,
      }),
    )
    .meta({ description: 'What was allowed in it and counted, and when the last time.' }),
}).meta({ id: 'RunReport' });

/** `/v1/stores/{store}/runs`: what is known of a run, for those who look after its store. */
export function runRoutes({ poolFor }: AdminContext): readonly AdminRoute[] {
  const routes = createAdminRoutes();

  routes.get('/v1/stores/:store/runs/:id', 'readDecisions', async (request, response) => {
    const store = storeOf(request);
    const { id } = request.params;
    const state = isRunId(id) ? await runInStore(poolFor(request), store, id) : undefined;
    if (state === undefined) throw unknownRun('id');

    const actions = [...state.actions].map(([action, { count, last }]) => ({
      action: { ...entityOf(action) },
      count,
      last: new Date(last).toISOString(),
    }));
    const run = replyOf(state, { request_id: '' }, { trace: traceOf(request) });
    reply(request, response, 200, { ...runBody(run), subject: state.subject, actions });
  });

  return routes.all;
}
