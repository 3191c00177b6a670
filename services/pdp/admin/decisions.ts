import { z } from 'zod';
import type {} from 'zod-openapi';
import { getDecision, QUERY_LIMIT, queryDecisions, tailDecisions } from '../../ledger/query.ts';
import { verifyChains } from '../../ledger/verify.ts';
import type { FoundDecision } from '../../store/decisions.ts';
import { respond } from '../wire/rest/respond.ts';
import { type AdminContext, goneSignal, reply, visibleStores } from './context.ts';
import { readQuery } from './input.ts';
import { type AdminRoute, createAdminRoutes } from './routes.ts';

const entity = z.string().meta({ description: 'Such as `Agent::"build-bot"`.' });
const limit = z.coerce.number().int().min(1).max(QUERY_LIMIT).meta({ description: '100 if left out.' });

/** Parameters of `GET /v1/decisions`. */
export const DECISIONS_QUERY = z.strictObject({
  principal: entity.optional(),
  action: entity.optional(),
  resource: entity.optional(),
  decision: z.enum(['allow', 'deny']).optional(),
  reason_code: z.string().optional().meta({ description: 'Of a call that was not decided, its error code.' }),
  subject: z.string().optional().meta({ description: 'Name of the credential that asked.' }),
  bundle_digest: z.string().optional(),
  trace_id: z.string().optional(),
  break_glass: z.string().optional().meta({ description: 'Enforced decisions that were made under it.' }),
  administration: z
    .literal('true')
    .transform(() => true)
    .optional()
    .meta({ description: 'Calls of administration alone, which are left out otherwise.' }),
  since: z.string().optional().meta({ description: 'How far back, in Cedar duration text such as `1h30m`.' }),
  limit: limit.optional(),
  cursor: z.string().optional().meta({ description: 'The `next` of the page before.' }),
});

/** Parameters of `GET /v1/log/tail`. */
export const TAIL_QUERY = z.strictObject({
  after: z.string().optional().meta({ description: 'The `cursor` of the page before.' }),
  limit: limit.optional(),
});

/** `/v1/decisions` and `/v1/log`: what was decided, and whether the log is whole. The exact inputs stay encrypted. */
export function decisionRoutes({ poolFor, ledger }: AdminContext): readonly AdminRoute[] {
  const routes = createAdminRoutes();

  routes.get('/v1/decisions', 'readDecisions', async (request, response) => {
    const page = await queryDecisions(
      poolFor(request),
      visibleStores(request) ?? 'all',
      readQuery(request, DECISIONS_QUERY),
    );
    sendRecords(request, response, page.records, 'next', page.next);
  });

  routes.get('/v1/decisions/:id', 'readDecisions', async (request, response) => {
    const { record } = await getDecision(
      poolFor(request),
      visibleStores(request) ?? 'all',
      request.params.id,
    );
    respond(request, response, 200, JSON_HEADERS, record);
  });

  routes.get('/v1/log/tail', 'readDecisions', async (request, response) => {
    const { after, limit } = readQuery(request, TAIL_QUERY);
    const page = await tailDecisions(poolFor(request), visibleStores(request) ?? 'all', after, limit);
    sendRecords(request, response, page.records, 'cursor', page.cursor);
  });

  routes.get('/v1/log/verification', 'readDecisions', async (request, response) => {
    const { findings, ...counts } = await verifyChains(
      poolFor(request),
      visibleStores(request) ?? 'all',
      goneSignal(request, response),
    );
    const { waitingRecords } = ledger.stats();
    reply(request, response, 200, {
      ...counts,
      waiting: waitingRecords,
      findings: findings.map((one) => ({ ...one, decision_id: one.decision_id ?? undefined })),
    });
  });

  return routes.all;
}

const JSON_HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-store' };

/** Records are sent as the text that was hashed, byte for byte. */
function sendRecords(
  request: Parameters<typeof respond>[0],
  response: Parameters<typeof respond>[1],
  records: readonly FoundDecision[],
  cursorName: 'next' | 'cursor',
  cursor: string | null,
): void {
  const list = records.map(({ record }) => record).join();
  respond(
    request,
    response,
    200,
    JSON_HEADERS,
    `{"records":[${list}],"${cursorName}":${JSON.stringify(cursor)}}`,
  );
}
