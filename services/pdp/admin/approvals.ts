import type { Request } from 'express';
import { z } from 'zod';
import type {} from 'zod-openapi';
import { APPROVAL_STATUSES } from '../../engine/approval.ts';
import { LIMITS } from '../../engine/limits.ts';
import type { Answer } from '../../store/approvals/answer.ts';
import type { DeskCall } from '../approvals/desk.ts';
import { drained } from '../approvals/drained.ts';
import { jsonText } from '../wire/rest/json-text.ts';
import { approvalJson, examinedJson } from './approval-json.ts';
import { type AdminContext, goneSignal, reply } from './context.ts';
import { adminCallOf } from './guard.ts';
import { readInput, readQuery } from './input.ts';
import { type AdminRoute, createAdminRoutes } from './routes.ts';

const as = z
  .string()
  .max(2 * LIMITS.identifier_bytes)
  .default('')
  .meta({
    description: 'For whom, such as `User::"fay"`; left out: the only person that the credential speaks for.',
  });

/** Parameters of `GET /v1/approvals`. */
export const APPROVALS_QUERY = z.strictObject({
  store: z.string().optional(),
  status: z.enum(APPROVAL_STATUSES).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

/** Parameters of `GET /v1/approvals/watch`. */
export const WATCH_QUERY = z.strictObject({
  for_ms: z.coerce
    .number()
    .int()
    .min(1)
    .max(3_600_000)
    .meta({ description: 'How long to watch; then ask again.' }),
});

/** Parameters of `GET /v1/approvals/{id}`. */
export const APPROVAL_QUERY = z.strictObject({ as });

/** Body of `POST /v1/approvals/{id}/approve` and `…/deny`. */
export const APPROVAL_ANSWER = z.strictObject({
  as,
  comment: z.string().max(LIMITS.approval_comment).default(''),
});

/** `/v1/approvals`: what is asked of people, exactly what would run, and their answers. */
export function approvalRoutes({ desk, poolFor, stopping }: AdminContext): readonly AdminRoute[] {
  const routes = createAdminRoutes();

  routes.get('/v1/approvals', 'readApprovals', async (request, response) => {
    const query = readQuery(request, APPROVALS_QUERY);
    const approvals = await desk.list(callOf(request, 'get', '/v1/approvals'), query);
    reply(request, response, 200, { approvals: approvals.map(approvalJson) });
  });

  routes.get('/v1/approvals/watch', 'readApprovals', async (request, response) => {
    const { for_ms: forMs } = readQuery(request, WATCH_QUERY);
    const gone = AbortSignal.any([goneSignal(request, response), AbortSignal.timeout(forMs), stopping]);
    const watch = desk.watch(callOf(request, 'get', '/v1/approvals/watch'), gone);
    response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    response.flushHeaders();
    try {
      for await (const approval of watch) {
        if (!response.write(`${jsonText(approvalJson(approval))}\n`)) await drained(response, gone);
      }
      response.end();
    } catch {
      // Its head is sent, so that it breaks off is all that can be said.
      response.destroy();
    }
  });

  routes.get('/v1/approvals/:id', 'examineApproval', async (request, response) => {
    const query = readQuery(request, APPROVAL_QUERY);
    const call = callOf(request, 'get', '/v1/approvals/:id');
    reply(request, response, 200, examinedJson(await desk.examine(call, request.params.id, query.as)));
  });

  for (const answer of ['approve', 'deny'] as const satisfies readonly Answer[]) {
    routes.post(`/v1/approvals/:id/${answer}`, 'answerApproval', async (request, response) => {
      const given = await readInput(request, response, APPROVAL_ANSWER);
      const call = callOf(request, 'post', `/v1/approvals/:id/${answer}`);
      const approval = await desk.answer(call, String(request.params['id']), { ...given, answer });
      reply(request, response, 200, { approval: approvalJson(approval) });
    });
  }

  return routes.all;

  function callOf(request: Request, method: AdminRoute['method'], path: string): DeskCall {
    return { ...adminCallOf(request, { method, path }), pool: poolFor(request) };
  }
}
