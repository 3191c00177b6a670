import { findGlass, listGlasses } from '../../store/break-glass/break-glass.ts';
import { closeGlass } from '../../store/break-glass/close.ts';
import { reportGlass } from '../../store/break-glass/report.ts';
import { withTransaction } from '../../store/pool.ts';
import { glassOf } from '../break-glass/told.ts';
import { NOT_DEPLOYED, newRecordId, recordChange } from '../change-record.ts';
import { actingOf } from './apply-change.ts';
import { type AdminContext, adminOf, followChange, reply, storeOf } from './context.ts';
import { proposalJson } from './deployment-json.ts';
import { CLOSE_GLASS, GLASSES_QUERY, OPEN_GLASS } from './glass-bodies.ts';
import { glassJson, uidJson } from './glass-json.ts';
import { readInput, readQuery } from './input.ts';
import { openedJson, openGlass } from './open-glass.ts';
import { type AdminRoute, createAdminRoutes } from './routes.ts';

const PATH = '/v1/stores/:store/break-glass' as const;

/** `/v1/stores/{store}/break-glass`: who may, for a while, do what policies that know of break-glass forbid. */
export function glassRoutes(context: AdminContext): readonly AdminRoute[] {
  const { poolFor, ledger } = context;
  const routes = createAdminRoutes();

  routes.get(PATH, 'readBreakGlass', async (request, response) => {
    const store = storeOf(request);
    const { open, limit } = readQuery(request, GLASSES_QUERY);
    const glasses = await listGlasses(poolFor(request), store, { open: open === 'true', limit });
    reply(request, response, 200, { break_glass: glasses.map(glassJson) });
  });

  routes.post(PATH, 'openBreakGlass', async (request, response) => {
    const store = storeOf(request);
    const requested = await openGlass(
      context,
      request,
      store,
      await readInput(request, response, OPEN_GLASS),
    );
    if ('glass' in requested) reply(request, response, 201, openedJson(context, requested.glass));
    else reply(request, response, 202, { proposal: proposalJson(requested.proposal) });
  });

  routes.post(`${PATH}/:id/close`, 'closeBreakGlass', async (request, response) => {
    const store = storeOf(request);
    const { reason } = await readInput(request, response, CLOSE_GLASS);
    const closedBy = adminOf(request).subject;
    const recordId = newRecordId(Date.now());
    const closed = await closeGlass(
      poolFor(request),
      { store, id: request.params.id, closedBy, reason, recordId },
      (glass) =>
        recordChange(ledger, actingOf(request), recordId, {
          ...NOT_DEPLOYED,
          ...{ store, reason, author: closedBy },
          action: 'close_break_glass',
          glass: glassOf(glass),
        }),
    );
    await followChange(context);
    reply(request, response, 200, { ...glassJson(closed.glass), closed_sequence: closed.stateSequence });
  });

  routes.get(`${PATH}/:id/report`, 'readBreakGlass', async (request, response) => {
    const glass = await findGlass(poolFor(request), storeOf(request), request.params.id);
    const { allowed, denied, actions, examples } = await withTransaction(poolFor(request), (client) =>
      reportGlass(client, glass.id),
    );
    reply(request, response, 200, {
      break_glass: glassJson(glass),
      allowed: BigInt(allowed),
      denied: BigInt(denied),
      actions: actions.map(({ type, id, ...counts }) => ({
        action: uidJson({ type, id }),
        allowed: BigInt(counts.allowed),
        denied: BigInt(counts.denied),
      })),
      examples,
    });
  });

  return routes.all;
}
