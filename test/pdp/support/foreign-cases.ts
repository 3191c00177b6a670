/** What a credential of another store might get hold of, or guess. */
export interface Names {
  readonly store: string;
  readonly digest: string;
  readonly proposal: string;
  /** Of a requirement of signatures. */
  readonly requirement: string;
  /** A break-glass. */
  readonly glass: string;
  readonly run: string;
  readonly decision: string;
  readonly approval: string;
  readonly credential: string;
  /** Of a runtime credential. */
  readonly subject: string;
  /** By some key, of the bundle, for the credential's own store. */
  readonly signature: string;
  /** Of a bundle of its own, for the store. */
  readonly crossSignature: string;
}

/** A call that names something, as `{store}` and the like say; or one that lists what there is. */
export interface ForeignCase {
  readonly path: string;
  readonly body?: unknown;
  /** Instead of a body. */
  readonly archive?: true;
  /** It succeeds, and tells what the credential's own store has. */
  readonly lists?: true;
  /** No role is enough: it takes a credential of the stores that it names, or of all. */
  readonly denied?: true;
}

const list = (path: string): ForeignCase => ({ path, lists: true });
const STORE = '/v1/stores/{store}';
const DEPLOYMENT = `${STORE}/deployment`;
const OWN = '/v1/stores/other';
const ENTITY = { uid: { type: 'Agent', id: 'a' }, attrs: {}, parents: [] };
const ENTITY_PATH = `${STORE}/entities/Agent/a`;
const GLASS = `${STORE}/break-glass`;
const REQUIREMENT = 'signature-requirement';
const NEW_REQUIREMENT = { threshold: 0, keys: [] };

/** How each administrative call could tell of another store; whoever adds a call says here how. */
export const FOREIGN_CASES: Readonly<Record<string, readonly ForeignCase[]>> = {
  'GET /v1/stores': [list('/v1/stores')],
  'POST /v1/stores': [{ path: '/v1/stores', body: { name: '{store}' }, denied: true }],
  'GET /v1/bundles': [list('/v1/bundles'), list('/v1/bundles?limit=1'), list('/v1/bundles?before={digest}')],
  'POST /v1/bundles': [
    { path: '/v1/bundles?stores={store}', archive: true },
    { path: '/v1/bundles?stores=other,{store}', archive: true },
  ],
  'GET /v1/bundles/:digest': [{ path: '/v1/bundles/{digest}' }],
  'GET /v1/bundles/:digest/archive': [{ path: '/v1/bundles/{digest}/archive' }],
  'GET /v1/bundles/:digest/signatures': [{ path: '/v1/bundles/{digest}/signatures' }],
  'POST /v1/bundles/:digest/signatures': [
    { path: '/v1/bundles/{digest}/signatures', body: { signature: 'a.b.c' } },
    { path: '/v1/bundles/{digest}/signatures', body: { signature: '{signature}' } },
    { path: '/v1/bundles/{own}/signatures', body: { signature: '{crossSignature}' } },
  ],
  'GET /v1/deployments': [list('/v1/deployments')],
  'GET /v1/stores/:store/deployments': [{ path: `${STORE}/deployments` }, list(`${OWN}/deployments`)],
  'GET /v1/stores/:store/deployment': [{ path: DEPLOYMENT }, list(`${OWN}/deployment`)],
  'PUT /v1/stores/:store/deployment': [
    { path: DEPLOYMENT, body: { digest: '{digest}' } },
    { path: DEPLOYMENT, body: { digest: '{own}', expected_sequence: 1 } },
    { path: DEPLOYMENT, body: {} },
    { path: `${OWN}/deployment`, body: { digest: '{digest}' } },
  ],
  'POST /v1/stores/:store/deployment/canary': [
    { path: `${DEPLOYMENT}/canary`, body: { digest: '{digest}', percent: 5 } },
    { path: `${DEPLOYMENT}/canary`, body: { percent: 7 } },
    { path: `${OWN}/deployment/canary`, body: { digest: '{digest}', percent: 5 } },
  ],
  'POST /v1/stores/:store/deployment/shadow': [
    { path: `${DEPLOYMENT}/shadow`, body: { digest: null } },
    { path: `${OWN}/deployment/shadow`, body: { digest: '{digest}' } },
  ],
  'POST /v1/stores/:store/deployment/monitor': [{ path: `${DEPLOYMENT}/monitor`, body: { monitor: null } }],
  'POST /v1/stores/:store/deployment/promote': [{ path: `${DEPLOYMENT}/promote`, body: {} }],
  'POST /v1/stores/:store/deployment/rollback': [
    { path: `${DEPLOYMENT}/rollback`, body: {} },
    { path: `${DEPLOYMENT}/rollback`, body: { to: 1 } },
  ],
  'GET /v1/stores/:store/entities': [
    { path: `${STORE}/entities` },
    { path: `${STORE}/entities?type=Agent&id=a` },
    { path: `${STORE}/entities?state_sequence=1` },
    { path: `${STORE}/entities?state_sequence=1000` },
    list(`${OWN}/entities`),
  ],
  'POST /v1/stores/:store/entities': [
    { path: `${STORE}/entities`, body: { entities: [{ put: ENTITY }] } },
    { path: `${STORE}/entities`, body: { entities: [{ put: ENTITY }], dry_run: true } },
    { path: `${STORE}/entities`, body: { entities: [{ delete: ENTITY.uid, expected_sequence: 7 }] } },
  ],
  'GET /v1/stores/:store/entities/:type/:id': [
    { path: ENTITY_PATH },
    { path: `${ENTITY_PATH}?state_sequence=1000` },
  ],
  'PUT /v1/stores/:store/entities/:type/:id': [{ path: ENTITY_PATH, body: { entity: ENTITY } }],
  'PATCH /v1/stores/:store/entities/:type/:id': [
    { path: ENTITY_PATH, body: { patch: { attrs: { set: { level: 1 } } } } },
    { path: ENTITY_PATH, body: { patch: { attrs: { set: { level: 1 } } }, expected_sequence: 7 } },
  ],
  'DELETE /v1/stores/:store/entities/:type/:id': [
    { path: ENTITY_PATH },
    { path: `${ENTITY_PATH}?expected_sequence=7` },
  ],
  'PUT /v1/stores/:store/two-person': [
    { path: `${STORE}/two-person`, body: { enabled: true } },
    { path: `${STORE}/two-person`, body: { enabled: false } },
  ],
  'GET /v1/stores/:store/signature-requirement': [
    { path: `${STORE}/${REQUIREMENT}` },
    list(`${OWN}/${REQUIREMENT}`),
  ],
  'POST /v1/stores/:store/signature-requirement/proposals': [
    { path: `${STORE}/${REQUIREMENT}/proposals`, body: NEW_REQUIREMENT },
  ],
  'POST /v1/stores/:store/signature-requirement/proposals/:id/approve': decided('approve'),
  'POST /v1/stores/:store/signature-requirement/proposals/:id/reject': decided('reject'),
  'GET /v1/proposals': [
    list('/v1/proposals'),
    list('/v1/proposals?open=false'),
    list('/v1/proposals?store={store}'),
  ],
  'POST /v1/proposals/:id/approve': [
    { path: '/v1/proposals/{proposal}/approve' },
    { path: '/v1/proposals/{requirement}/approve' },
  ],
  'POST /v1/proposals/:id/reject': [
    { path: '/v1/proposals/{proposal}/reject' },
    { path: '/v1/proposals/{requirement}/reject' },
  ],
  'GET /v1/stores/:store/break-glass': [{ path: GLASS }, list(`${OWN}/break-glass`)],
  'POST /v1/stores/:store/break-glass': [
    {
      path: GLASS,
      body: { principal: { type: 'Agent', id: 'a' }, actions: 'all', reason: 'r', ticket: 't', minutes: 5 },
    },
  ],
  'POST /v1/stores/:store/break-glass/:id/close': [
    { path: `${GLASS}/{glass}/close`, body: { reason: 'r' } },
    { path: `${OWN}/break-glass/{glass}/close`, body: { reason: 'r' } },
  ],
  'GET /v1/stores/:store/break-glass/:id/report': [
    { path: `${GLASS}/{glass}/report` },
    { path: `${OWN}/break-glass/{glass}/report` },
  ],
  'GET /v1/credentials': [list('/v1/credentials')],
  'POST /v1/credentials': [
    {
      path: '/v1/credentials',
      body: { name: 'risen', roles: ['runtime'], stores: ['{store}'] },
      denied: true,
    },
    {
      path: '/v1/credentials',
      body: { name: 'risen', roles: ['auditor'], stores: ['other', '{store}'] },
      denied: true,
    },
  ],
  'DELETE /v1/credentials/:id': [{ path: '/v1/credentials/{credential}' }],
  'GET /v1/evaluator-overrides': [{ path: '/v1/evaluator-overrides', denied: true }],
  'POST /v1/evaluator-overrides/:digest/lift': [
    { path: '/v1/evaluator-overrides/{digest}/lift', body: { reason: 'because' }, denied: true },
  ],
  'GET /v1/approvals': [
    list('/v1/approvals'),
    list('/v1/approvals?store={store}'),
    list('/v1/approvals?status=pending'),
  ],
  'GET /v1/approvals/watch': [list('/v1/approvals/watch?for_ms=300')],
  'GET /v1/approvals/:id': [
    { path: '/v1/approvals/{approval}' },
    { path: '/v1/approvals/{approval}?as=User%3A%3A%22u%22' },
  ],
  'POST /v1/approvals/:id/approve': [{ path: '/v1/approvals/{approval}/approve', body: {} }],
  'POST /v1/approvals/:id/deny': [{ path: '/v1/approvals/{approval}/deny', body: { comment: 'no' } }],
  'GET /v1/decisions': [
    list('/v1/decisions'),
    list('/v1/decisions?administration=true'),
    list('/v1/decisions?bundle_digest={digest}'),
    list('/v1/decisions?subject={subject}'),
    list('/v1/decisions?cursor={decision}'),
  ],
  'GET /v1/decisions/:id': [{ path: '/v1/decisions/{decision}' }],
  'GET /v1/stores/:store/runs/:id': [{ path: `${STORE}/runs/{run}` }, { path: `${OWN}/runs/{run}` }],
  'GET /v1/log/tail': [
    list('/v1/log/tail'),
    list('/v1/log/tail?after=0.00000000-0000-0000-0000-000000000000'),
  ],
  'GET /v1/log/verification': [list('/v1/log/verification')],
  'POST /v1/stores/:store/replay': [
    { path: `${STORE}/replay?digest={digest}` },
    { path: `${STORE}/replay?digest={own}` },
    { path: `${STORE}/replay`, archive: true },
    { path: `${OWN}/replay?digest={digest}` },
  ],
  'POST /v1/stores/:store/replay/verification': [{ path: `${STORE}/replay/verification` }],
};

function decided(how: string): readonly ForeignCase[] {
  return [
    { path: `${STORE}/${REQUIREMENT}/proposals/{requirement}/${how}` },
    { path: `${OWN}/${REQUIREMENT}/proposals/{requirement}/${how}` },
    { path: `${OWN}/${REQUIREMENT}/proposals/{proposal}/${how}` },
  ];
}
