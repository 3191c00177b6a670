import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { AnsweredApproval, ApprovalList, ApprovalQuestion, ExaminedApproval } from './approval-json.ts';
import { APPROVAL_ANSWER, APPROVAL_QUERY, APPROVALS_QUERY, WATCH_QUERY } from './approvals.ts';
import { ADMIN_SERVER, answer, json, lines, operation, pathParameter } from './openapi-parts.ts';

const REFUSALS =
  '`permission_denied` where the person may not answer it; `conflict` where it takes no more answers, they have answered, or the bundle that asked decides no more; `unavailable` where what would run is not in the decision log yet.';

/** The operations on questions of approval. */
export const APPROVAL_PATHS: ZodOpenApiPathsObject = {
  '/v1/approvals': {
    ...ADMIN_SERVER,
    get: operation({
      operationId: 'listApprovals',
      summary: 'Lists questions of approval, the newest first',
      requestParams: { query: APPROVALS_QUERY },
      responses: { '200': answer('The questions', ApprovalList) },
    }),
  },
  '/v1/approvals/watch': {
    ...ADMIN_SERVER,
    get: operation({
      operationId: 'watchApprovals',
      summary: 'Tells of the open questions, and then of each as it is asked, answered, used or expires',
      requestParams: { query: WATCH_QUERY },
      responses: { '200': lines('A question a line', ApprovalQuestion) },
    }),
  },
  '/v1/approvals/{id}': {
    ...ADMIN_SERVER,
    ...pathParameter('id'),
    get: operation({
      operationId: 'examineApproval',
      summary: 'Shows a question and, to who may answer it, exactly what would run',
      requestParams: { query: APPROVAL_QUERY },
      responses: { '200': answer('The question', ExaminedApproval) },
    }),
  },
  '/v1/approvals/{id}/approve': {
    ...ADMIN_SERVER,
    ...pathParameter('id'),
    post: operation({
      operationId: 'approveRequest',
      summary: 'Approves exactly this request, once',
      description: REFUSALS,
      requestBody: json(APPROVAL_ANSWER),
      responses: { '200': answer('The question as it is then', AnsweredApproval) },
    }),
  },
  '/v1/approvals/{id}/deny': {
    ...ADMIN_SERVER,
    ...pathParameter('id'),
    post: operation({
      operationId: 'denyRequest',
      summary: 'Denies it, which closes the question',
      description: REFUSALS,
      requestBody: json(APPROVAL_ANSWER),
      responses: { '200': answer('The question as it is then', AnsweredApproval) },
    }),
  },
};
