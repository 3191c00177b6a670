import type { Role } from '../../../services/store/credentials.ts';

type Holder = Exclude<Role, 'runtime'>;

const ALL: readonly Holder[] = ['author', 'reviewer', 'operator', 'auditor', 'admin'];
const BUNDLES: readonly Holder[] = ['author', 'reviewer', 'operator', 'auditor'];
const LOG: readonly Holder[] = ['operator', 'auditor'];
const REPLAY: readonly Holder[] = ['author', 'reviewer', 'auditor'];
const ASKED: readonly Holder[] = ['approver', 'operator', 'auditor'];

/** Which role may call what; whoever adds a call says here who may. `runtime` may nothing. */
export const ROLE_MATRIX: Readonly<Record<string, readonly Holder[]>> = {
  'GET /v1/stores': ALL,
  'POST /v1/stores': ['admin'],
  'GET /v1/bundles': BUNDLES,
  'POST /v1/bundles': ['author'],
  'GET /v1/bundles/:digest': BUNDLES,
  'GET /v1/bundles/:digest/archive': BUNDLES,
  'GET /v1/bundles/:digest/signatures': BUNDLES,
  'POST /v1/bundles/:digest/signatures': ['author', 'reviewer'],
  'GET /v1/deployments': ALL,
  'GET /v1/stores/:store/deployments': ALL,
  'GET /v1/stores/:store/deployment': ALL,
  'PUT /v1/stores/:store/deployment': ['operator'],
  'POST /v1/stores/:store/deployment/canary': ['operator'],
  'POST /v1/stores/:store/deployment/shadow': ['operator'],
  'POST /v1/stores/:store/deployment/monitor': ['operator'],
  'POST /v1/stores/:store/deployment/promote': ['operator'],
  'POST /v1/stores/:store/deployment/rollback': ['operator'],
  'PUT /v1/stores/:store/two-person': ['admin'],
  'GET /v1/stores/:store/signature-requirement': ALL,
  'POST /v1/stores/:store/signature-requirement/proposals': ['admin'],
  'POST /v1/stores/:store/signature-requirement/proposals/:id/approve': ['reviewer'],
  'POST /v1/stores/:store/signature-requirement/proposals/:id/reject': ['reviewer', 'operator', 'admin'],
  'GET /v1/proposals': ALL,
  'POST /v1/proposals/:id/approve': ['reviewer'],
  'POST /v1/proposals/:id/reject': ['reviewer', 'operator', 'admin'],
  'GET /v1/stores/:store/entities': BUNDLES,
  'POST /v1/stores/:store/entities': ['operator'],
  'GET /v1/stores/:store/entities/:type/:id': BUNDLES,
  'PUT /v1/stores/:store/entities/:type/:id': ['operator'],
  'PATCH /v1/stores/:store/entities/:type/:id': ['operator'],
  'DELETE /v1/stores/:store/entities/:type/:id': ['operator'],
  'GET /v1/stores/:store/break-glass': ['reviewer', 'operator', 'auditor'],
  'POST /v1/stores/:store/break-glass': ['operator'],
  'POST /v1/stores/:store/break-glass/:id/close': ['operator'],
  'GET /v1/stores/:store/break-glass/:id/report': ['reviewer', 'operator', 'auditor'],
  'GET /v1/credentials': ['auditor', 'admin'],
  'POST /v1/credentials': ['admin'],
  'DELETE /v1/credentials/:id': ['admin'],
  'GET /v1/decisions': LOG,
  'GET /v1/decisions/:id': LOG,
  'GET /v1/stores/:store/runs/:id': LOG,
  'GET /v1/log/tail': LOG,
  'GET /v1/log/verification': LOG,
  'POST /v1/stores/:store/replay': REPLAY,
  'POST /v1/stores/:store/replay/verification': REPLAY,
  'GET /v1/evaluator-overrides': LOG,
  'POST /v1/evaluator-overrides/:digest/lift': ['operator'],
  'GET /v1/approvals': ASKED,
  'GET /v1/approvals/watch': ASKED,
  'GET /v1/approvals/:id': ['approver'],
  'POST /v1/approvals/:id/approve': ['approver'],
  'POST /v1/approvals/:id/deny': ['approver'],
};
