import * as z from 'zod';
import {
  createDocument,
  type ZodOpenApiOverride,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponsesObject,
} from 'zod-openapi';
import { WIRE_ERRORS } from '../errors.ts';
import {
  AuthorizeBatchRequest,
  AuthorizeBatchResponse,
  AuthorizeRequest,
  AuthorizeResponse,
  ConstraintsRequest,
  ConstraintsResponse,
  EndRunRequest,
  Problem,
  ReportOutcomeRequest,
  ReportOutcomeResponse,
  RunStatus,
  StartRunRequest,
  WaitForApprovalRequest,
  WaitForApprovalResponse,
} from './schema.ts';

/** The version of the REST interface, `/v1`; not that of the software. */
const API_VERSION = '1.0.0';

/** What every operation may end in: a problem for each code of the error table. */
export const PROBLEM_RESPONSES: ZodOpenApiResponsesObject = Object.fromEntries(
  Object.values(WIRE_ERRORS).map(({ http, title }) => [
    `${http}`,
    { description: title, content: { 'application/problem+json': { schema: Problem } } },
  ]),
);

const RUN_RESPONSES: ZodOpenApiResponsesObject = {
  '200': { description: 'The run', content: { 'application/json': { schema: RunStatus } } },
  ...PROBLEM_RESPONSES,
};
const RUN_PATH = {
  path: z.object({ run_id: z.string().meta({ description: 'As `POST /v1/runs` gave it.' }) }),
};

/** The operations on port 7180. */
export const DECISION_PATHS: ZodOpenApiPathsObject = {
  '/v1/authorize': {
    post: {
      operationId: 'authorize',
      summary: 'May this principal do this action on this resource, in this context?',
      description: 'A deny is an answer (200). A problem means that nothing was decided: treat it as a deny.',
      security: [{ bearer: [] }, {}],
      requestBody: { required: true, content: { 'application/json': { schema: AuthorizeRequest } } },
      responses: {
        '200': {
          description: 'The decision',
          content: { 'application/json': { schema: AuthorizeResponse } },
        },
        ...PROBLEM_RESPONSES,
      },
    },
  },
  '/v1/authorize/batch': {
    post: {
      operationId: 'authorizeBatch',
      summary: 'Decides several requests in order on one view of the policies',
      description: "An item's error stands in its place and never ends the call.",
      security: [{ bearer: [] }, {}],
      requestBody: { required: true, content: { 'application/json': { schema: AuthorizeBatchRequest } } },
      responses: {
        '200': {
          description: 'One result per request',
          content: { 'application/json': { schema: AuthorizeBatchResponse } },
        },
        ...PROBLEM_RESPONSES,
      },
    },
  },
  '/v1/approvals/wait': {
    post: {
      operationId: 'waitForApproval',
      summary: 'Waits for people to answer an approval that this credential asked for',
      description: 'Once it is approved, send the same request again with its `approval_id`.',
      security: [{ bearer: [] }],
      requestBody: { required: true, content: { 'application/json': { schema: WaitForApprovalRequest } } },
      responses: {
        '200': {
          description: 'What it is by then',
          content: { 'application/json': { schema: WaitForApprovalResponse } },
        },
        ...PROBLEM_RESPONSES,
      },
    },
  },
  '/v1/constraints': {
    post: {
      operationId: 'constraints',
      summary: 'Which actions could be allowed at all to this principal?',
      description: 'No decision: what is not possible is denied, what is possible is still to be asked.',
      security: [{ bearer: [] }, {}],
      requestBody: { required: true, content: { 'application/json': { schema: ConstraintsRequest } } },
      responses: {
        '200': {
          description: 'The actions, and with full detail what is left of the policies',
          content: { 'application/json': { schema: ConstraintsResponse } },
        },
        ...PROBLEM_RESPONSES,
      },
    },
  },
  '/v1/runs': {
    post: {
      operationId: 'startRun',
      summary: 'Opens a run',
      description:
        'Calls that name it in `run.run_id` are judged by what it was allowed before, and by what its tree has read. Only the credential that opened it can use it, for this principal in this store.',
      security: [{ bearer: [] }, {}],
      requestBody: { required: true, content: { 'application/json': { schema: StartRunRequest } } },
      responses: RUN_RESPONSES,
    },
  },
  '/v1/runs/{run_id}': {
    get: {
      operationId: 'getRun',
      summary: 'Tells of a run to the credential that opened it',
      security: [{ bearer: [] }, {}],
      requestParams: RUN_PATH,
      responses: RUN_RESPONSES,
    },
  },
  '/v1/runs/{run_id}/end': {
    post: {
      operationId: 'endRun',
      summary: 'Ends a run and all that were started in it',
      description:
        'A run that has ended is told as it was. One that nobody ends does so by itself; see `ends_at`.',
      security: [{ bearer: [] }, {}],
      requestParams: RUN_PATH,
      requestBody: { required: true, content: { 'application/json': { schema: EndRunRequest } } },
      responses: RUN_RESPONSES,
    },
  },
  '/v1/decisions/{decision_id}/outcome': {
    post: {
      operationId: 'reportOutcome',
      summary: 'What an allowed call came to: settles what it used of limits, and is recorded',
      description:
        'Only for the credential that got the decision, within an hour. The same report again is answered the same; another one is a conflict.',
      security: [{ bearer: [] }],
      requestParams: { path: z.object({ decision_id: z.string().meta({ description: 'UUIDv7.' }) }) },
      requestBody: { required: true, content: { 'application/json': { schema: ReportOutcomeRequest } } },
      responses: {
        '200': {
          description: 'What the report settled',
          content: { 'application/json': { schema: ReportOutcomeResponse } },
        },
        ...PROBLEM_RESPONSES,
      },
    },
  },
};

/** Makes the OpenAPI 3.1 document of these paths as text: the same paths give the same bytes. */
export function openApiDocument(...paths: readonly ZodOpenApiPathsObject[]): string {
  const document = createDocument(
    {
      openapi: '3.1.0',
      info: {
        title: 'Palisade',
        version: API_VERSION,
        description:
          'A policy decision point for AI agents. The gRPC contract is proto/palisade/v1/authorization.proto.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      paths: Object.assign({}, ...paths),
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    },
    { override: openReplies },
  );

  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Requests are closed, replies are not: a client must live with members that a later version adds. */
function openReplies({ jsonSchema, io }: Parameters<ZodOpenApiOverride>[0]): void {
  if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
}
