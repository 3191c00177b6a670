import type * as z from 'zod';
import type { ZodOpenApiPathItemObject, ZodOpenApiPathsObject } from 'zod-openapi';
import * as answers from './answers.ts';
import { BUNDLES_QUERY, PUSH_QUERY } from './bundles.ts';
import { NEW_CREDENTIAL } from './credentials.ts';
import { DECISIONS_QUERY, TAIL_QUERY } from './decisions.ts';
import {
  ACTIVATION,
  CANARY_BODY,
  MONITOR_BODY,
  PROMOTE_BODY,
  ROLLBACK_BODY,
  SHADOW_BODY,
} from './deployment-bodies.ts';
import { HISTORY_QUERY, NEW_STORE } from './deployments.ts';
import { LIFT } from './evaluators.ts';
import { APPROVAL_PATHS } from './openapi-approvals.ts';
import { ENTITY_PATHS } from './openapi-entities.ts';
import { GLASS_PATHS } from './openapi-glass.ts';
import { HEALTH_PATHS } from './openapi-health.ts';
import { ADMIN_SERVER, answer, json, lines, operation, pathParameter } from './openapi-parts.ts';
import { PROPOSALS_QUERY, TWO_PERSON } from './proposals.ts';
import { REPLAY_QUERY, REPLAY_VERIFICATION_QUERY } from './replay.ts';
import { ReplayLine, ReplayVerificationLine } from './replay-answers.ts';
import { RunReport } from './runs.ts';
import * as signatures from './signature-answers.ts';
import { NEW_REQUIREMENT } from './signature-requirements.ts';
import { NEW_SIGNATURE } from './signatures.ts';

const ARCHIVE = { 'application/gzip': { schema: { type: 'string', format: 'binary' } } } as const;

const UNFIT = {
  '412': {
    description:
      'The bundle lacks signatures that the store requires, or entities of the store do not fit it',
    content: { 'application/problem+json': { schema: answers.MisfitProblem } },
  },
};

const CHANGED = {
  '200': answer('The new deployment', answers.Deployment),
  '202': answer('It takes two persons, and waits for somebody else', answers.ProposalAnswer),
  ...UNFIT,
};

/** The operations on port 7182. All but health need a credential whose roles allow it. */
export const ADMIN_PATHS: ZodOpenApiPathsObject = {
  ...HEALTH_PATHS,
  '/v1/bundles': {
    ...ADMIN_SERVER,
    post: operation({
      operationId: 'pushBundle',
      summary: 'Checks a bundle and stores it; it decides nothing until it is deployed',
      requestParams: { query: PUSH_QUERY },
      requestBody: { required: true, content: ARCHIVE },
      responses: {
        '200': answer('The same content was stored already', answers.PushedBundle),
        '201': answer('It is stored', answers.PushedBundle),
        '400': {
          description: 'It is no archive, or the bundle has problems',
          content: { 'application/problem+json': { schema: answers.BundleProblem } },
        },
      },
    }),
    get: operation({
      operationId: 'listBundles',
      summary: 'Lists bundles',
      requestParams: { query: BUNDLES_QUERY },
      responses: { '200': answer('One page', answers.BundlePage) },
    }),
  },
  '/v1/bundles/{digest}': {
    ...ADMIN_SERVER,
    ...pathParameter('digest'),
    get: operation({
      operationId: 'getBundle',
      summary: 'Shows one bundle',
      responses: { '200': answer('The bundle', answers.StoredBundle) },
    }),
  },
  '/v1/bundles/{digest}/archive': {
    ...ADMIN_SERVER,
    ...pathParameter('digest'),
    get: operation({
      operationId: 'getBundleArchive',
      summary: 'Fetches the archive as it was pushed',
      responses: { '200': { description: 'The archive', content: ARCHIVE } },
    }),
  },
  '/v1/bundles/{digest}/signatures': {
    ...ADMIN_SERVER,
    ...pathParameter('digest'),
    post: operation({
      operationId: 'pushSignature',
      summary: 'Puts a signature beside a bundle; whether it counts is judged at each use',
      requestBody: json(NEW_SIGNATURE),
      responses: {
        '200': answer('The same signature was there already', signatures.PushedSignature),
        '201': answer('It is stored', signatures.PushedSignature),
      },
    }),
    get: operation({
      operationId: 'listSignatures',
      summary: 'Lists the signatures of a bundle, and whether each counts now',
      responses: { '200': answer('The signatures', signatures.SignatureList) },
    }),
  },
  '/v1/stores': {
    ...ADMIN_SERVER,
    get: operation({
      operationId: 'listStores',
      summary: 'Lists the policy stores that the credential names',
      responses: { '200': answer('The stores', answers.StoreList) },
    }),
    post: operation({
      operationId: 'createStore',
      summary: 'Makes a policy store',
      requestBody: json(NEW_STORE),
      responses: { '201': answer('It is made', answers.CreatedStore) },
    }),
  },
  '/v1/stores/{store}/deployment': {
    ...ADMIN_SERVER,
    ...pathParameter('store'),
    get: operation({
      operationId: 'getDeployment',
      summary: 'Shows what a store runs, what the answering process serves, and the history',
      responses: { '200': answer('The state', answers.DeploymentStatus) },
    }),
    put: operation({
      operationId: 'activateBundle',
      summary: 'Makes a stored bundle the active one',
      description:
        '`conflict` where another deployment came after `expected_sequence`; `precondition_failed` where the bundle lacks signatures that the store requires.',
      requestBody: json(ACTIVATION),
      responses: CHANGED,
    }),
  },
  '/v1/stores/{store}/deployments': {
    ...ADMIN_SERVER,
    ...pathParameter('store'),
    get: operation({
      operationId: 'listDeploymentHistory',
      summary: 'Lists what a store ran, newest first',
      requestParams: { query: HISTORY_QUERY },
      responses: { '200': answer('One page', answers.DeploymentHistory) },
    }),
  },
  '/v1/stores/{store}/deployment/canary': changing(
    'canaryBundle',
    'Begins a canary, or changes its percentage and limits',
    CANARY_BODY,
  ),
  '/v1/stores/{store}/deployment/shadow': changing(
    'shadowBundle',
    'Evaluates a bundle beside the active one, without effect; null ends it',
    SHADOW_BODY,
  ),
  '/v1/stores/{store}/deployment/monitor': changing(
    'monitorPolicies',
    'Sets which policies are only monitored; null: none',
    MONITOR_BODY,
  ),
  '/v1/stores/{store}/deployment/promote': changing(
    'promoteCanary',
    'Makes the canary the active bundle',
    PROMOTE_BODY,
  ),
  '/v1/stores/{store}/deployment/rollback': changing(
    'rollBack',
    'Ends the canary or, without one, goes back to the bundle that was active before',
    ROLLBACK_BODY,
  ),
  '/v1/stores/{store}/two-person': {
    ...ADMIN_SERVER,
    ...pathParameter('store'),
    put: operation({
      operationId: 'setTwoPerson',
      summary:
        'Sets whether it takes two persons to change what a store enforces; it takes two to turn that off',
      requestBody: json(TWO_PERSON),
      responses: {
        '200': answer('It is so', answers.TwoPerson),
        '202': answer('It waits for somebody else', answers.ProposalAnswer),
      },
    }),
  },
  '/v1/proposals': {
    ...ADMIN_SERVER,
    get: operation({
      operationId: 'listProposals',
      summary: 'Lists proposals, those that wait unless `open` is false',
      requestParams: { query: PROPOSALS_QUERY },
      responses: { '200': answer('The proposals', answers.ProposalList) },
    }),
  },
  '/v1/proposals/{id}/approve': {
    ...ADMIN_SERVER,
    ...pathParameter('id'),
    post: operation({
      operationId: 'approveProposal',
      summary: 'Approves what somebody else proposed, and applies it',
      responses: { '200': answer('It is done', answers.Approved), ...UNFIT },
    }),
  },
  '/v1/proposals/{id}/reject': {
    ...ADMIN_SERVER,
    ...pathParameter('id'),
    post: operation({
      operationId: 'rejectProposal',
      summary: 'Closes a proposal for good',
      responses: { '200': answer('It is closed', answers.ProposalAnswer) },
    }),
  },
  '/v1/stores/{store}/replay': {
    ...ADMIN_SERVER,
    ...pathParameter('store'),
    post: operation({
      operationId: 'replayDecisions',
      summary: 'Decides past requests again by a candidate, and says which decisions would flip',
      description:
        'Facts come from the records, never from the clock. `overloaded` where a replay is running already in the process.',
      requestParams: { query: REPLAY_QUERY },
      requestBody: { required: false, content: ARCHIVE },
      responses: { '200': lines('Progress, then the report', ReplayLine) },
    }),
  },
  '/v1/stores/{store}/replay/verification': {
    ...ADMIN_SERVER,
    ...pathParameter('store'),
    post: operation({
      operationId: 'verifyDecisions',
      summary: 'Decides past requests again, each by the bundle that decided it, and lists what differs',
      requestParams: { query: REPLAY_VERIFICATION_QUERY },
      responses: { '200': lines('Progress, then the report', ReplayVerificationLine) },
    }),
  },
  '/v1/stores/{store}/signature-requirement': {
    ...ADMIN_SERVER,
    ...pathParameter('store'),
    get: operation({
      operationId: 'getSignatureRequirement',
      summary: 'Shows whose signatures a store requires, and how what it runs stands by that',
      responses: { '200': answer('The requirement', signatures.SignatureRequirement) },
    }),
  },
  '/v1/stores/{store}/signature-requirement/proposals': {
    ...ADMIN_SERVER,
    ...pathParameter('store'),
    post: operation({
      operationId: 'proposeSignatureRequirement',
      summary: 'Proposes another requirement, which holds once another person approves it',
      description: '`precondition_failed` where what the store runs is not signed like that.',
      requestBody: json(NEW_REQUIREMENT),
      responses: { '201': answer('It is proposed', signatures.RequirementProposal) },
    }),
  },
  '/v1/stores/{store}/signature-requirement/proposals/{id}/approve': {
    ...ADMIN_SERVER,
    ...pathParameter('store', 'id'),
    post: operation({
      operationId: 'approveSignatureRequirement',
      summary: 'Approves a proposed requirement, as another person than its author; it holds at once',
      description:
        '`permission_denied` for its author; `conflict` where it is decided, expired or overtaken.',
      responses: { '200': answer('It holds', signatures.ApprovedRequirement) },
    }),
  },
  '/v1/stores/{store}/signature-requirement/proposals/{id}/reject': {
    ...ADMIN_SERVER,
    ...pathParameter('store', 'id'),
    post: operation({
      operationId: 'rejectSignatureRequirement',
      summary: 'Closes a proposal for good; its author takes it back that way',
      responses: { '200': answer('It is closed', signatures.RejectedRequirement) },
    }),
  },
  ...ENTITY_PATHS,
  ...GLASS_PATHS,
  ...APPROVAL_PATHS,
  '/v1/deployments': {
    ...ADMIN_SERVER,
    get: operation({
      operationId: 'listDeployments',
      summary: 'Lists the current deployment of each store',
      responses: { '200': answer('The deployments', answers.DeploymentList) },
    }),
  },
  '/v1/credentials': {
    ...ADMIN_SERVER,
    post: operation({
      operationId: 'createCredential',
      summary: 'Makes a credential, and tells its token, once, unless a certificate proves it',
      requestBody: json(NEW_CREDENTIAL),
      responses: { '201': answer('It is made', answers.CreatedCredential) },
    }),
    get: operation({
      operationId: 'listCredentials',
      summary: 'Lists credentials, never their tokens',
      responses: { '200': answer('The credentials', answers.CredentialList) },
    }),
  },
  '/v1/credentials/{id}': {
    ...ADMIN_SERVER,
    ...pathParameter('id'),
    delete: operation({
      operationId: 'revokeCredential',
      summary: 'Revokes a credential for good',
      responses: { '200': answer('It is revoked', answers.RevokedCredential) },
    }),
  },
  '/v1/evaluator-overrides': {
    ...ADMIN_SERVER,
    get: operation({
      operationId: 'listEvaluatorOverrides',
      summary: "Lists the bundles that Cedar's own evaluator judges because another one was wrong",
      responses: { '200': answer('The overrides', answers.EvaluatorOverrides) },
    }),
  },
  '/v1/evaluator-overrides/{digest}/lift': {
    ...ADMIN_SERVER,
    ...pathParameter('digest'),
    post: operation({
      operationId: 'liftEvaluatorOverride',
      summary: 'Has a bundle judged again by what each process is configured for',
      requestBody: json(LIFT),
      responses: { '200': answer('It is lifted', answers.LiftedOverride) },
    }),
  },
  '/v1/decisions': {
    ...ADMIN_SERVER,
    get: operation({
      operationId: 'queryDecisions',
      summary: 'Finds decision records',
      requestParams: { query: DECISIONS_QUERY },
      responses: { '200': answer('One page', answers.DecisionPage) },
    }),
  },
  '/v1/decisions/{id}': {
    ...ADMIN_SERVER,
    ...pathParameter('id'),
    get: operation({
      operationId: 'getDecision',
      summary: 'Shows one decision record, as it was hashed',
      responses: { '200': answer('The record', answers.DecisionRecord) },
    }),
  },
  '/v1/stores/{store}/runs/{id}': {
    ...ADMIN_SERVER,
    ...pathParameter('store', 'id'),
    get: operation({
      operationId: 'readRun',
      summary: 'Tells what a run of the store knows',
      responses: { '200': answer('The run', RunReport) },
    }),
  },
  '/v1/log/tail': {
    ...ADMIN_SERVER,
    get: operation({
      operationId: 'tailLog',
      summary: 'Follows the log: without `after`, only the cursor of its end',
      requestParams: { query: TAIL_QUERY },
      responses: { '200': answer('What is new', answers.DecisionTail) },
    }),
  },
  '/v1/log/verification': {
    ...ADMIN_SERVER,
    get: operation({
      operationId: 'verifyLog',
      summary: 'Walks every hash chain of the log',
      responses: { '200': answer('What was found', answers.Verification) },
    }),
  },
};

/** One change of what a store runs. */
function changing(operationId: string, summary: string, body: z.ZodType): ZodOpenApiPathItemObject {
  return {
    ...ADMIN_SERVER,
    ...pathParameter('store'),
    post: operation({ operationId, summary, requestBody: json(body), responses: CHANGED }),
  };
}
