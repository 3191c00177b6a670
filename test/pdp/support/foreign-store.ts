import { writeArchive } from '../../../services/bundles/archive.ts';
import { bundleDigest } from '../../../services/bundles/digest.ts';
import { createPool } from '../../../services/store/pool.ts';
import { newKey } from '../../bundles/signature/craft.ts';
import { asked } from '../../store/approvals/support.ts';
import type { ServerWorld } from '../../support/server.ts';
import { bundleFiles } from './bundle.ts';
import type { Access } from './credentials.ts';
import type { Names } from './foreign-cases.ts';
import { type HttpAnswer, send } from './http.ts';
import { signatureOf } from './signing.ts';

/** Which its bundles permit. */
export const QUESTION = {
  principal: { type: 'Agent', id: 'a' },
  action: { type: 'Action', id: 'read' },
  resource: { type: 'Doc', id: 'd' },
};

/** All that has a name without being signed. */
export type Unsigned = Omit<Names, 'signature' | 'crossSignature'>;

/** Makes a store that has something of everything, and names it. */
export async function furnish(server: ServerWorld, access: Access): Promise<Unsigned> {
  const { admin, rest } = access.server.addresses;
  const store = 'foreign';
  const asAdmin = async (method: string, path: string, body?: unknown) => {
    const answer = await call(admin, access.admin, method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.text}`);

    return answer.json ?? {};
  };
  await asAdmin('POST', '/v1/stores', { name: store });
  const [digest, next] = ['7.0.0', '7.1.0'].map((version) => bundleDigest(bundleFiles(version)));
  for (const version of ['7.0.0', '7.1.0']) {
    await asAdmin('POST', `/v1/bundles?stores=${store}`, writeArchive(bundleFiles(version)));
  }
  const deployment = `/v1/stores/${store}/deployment`;
  await asAdmin('PUT', deployment, { digest });
  await asAdmin('POST', `${deployment}/canary`, { digest: next, percent: 5 });
  await asAdmin('POST', `${deployment}/shadow`, { digest: next });
  const requirement = `/v1/stores/${store}/signature-requirement/proposals`;
  const required = await asAdmin('POST', requirement, { threshold: 0, keys: [] });
  const signature = signatureOf(newKey(), String(digest), { store });
  await asAdmin('POST', `/v1/bundles/${digest}/signatures`, { signature });
  const glass = await asAdmin('POST', `/v1/stores/${store}/break-glass`, {
    ...{ principal: { type: 'Agent', id: 'b' }, actions: 'all', reason: 'r', ticket: 't', minutes: 60 },
  });
  await asAdmin('PUT', `/v1/stores/${store}/two-person`, { enabled: true });
  const { proposal } = await asAdmin('POST', `${deployment}/promote`, {});

  const subject = 'foreign-runtime';
  const token = await server.credential({ name: subject, stores: [store] });
  const decide = () => call(rest, `Bearer ${token}`, 'POST', '/v1/authorize', QUESTION);
  while ((await decide()).status !== 200);
  const { principal } = QUESTION;
  const run = await call(rest, `Bearer ${token}`, 'POST', '/v1/runs', { principal });
  const decision = String((await decide()).json?.['decision_id']);
  while ((await call(admin, access.admin, 'GET', `/v1/decisions/${decision}`)).status !== 200);

  return {
    store,
    digest: String(digest),
    proposal: String((proposal as { readonly id: string }).id),
    requirement: String(required['id']),
    glass: String(glass['id']),
    run: String(run.json?.['run_id']),
    decision,
    approval: await askIn(server, store, subject, decision, String(digest)),
    credential: token.slice(4, 20),
    subject,
  };
}

/** A question of approval, as the decision path asks it. */
async function askIn(
  { database }: ServerWorld,
  store: string,
  subject: string,
  decisionId: string,
  bundleDigest: string,
): Promise<string> {
  const pool = createPool({ connection: database.servingUrl, max: 1 });
  try {
    return await asked(pool, { store, subject, decisionId, bundleDigest, requirement: FOR_LONG });
  } finally {
    await pool.end();
  }
}

const FOR_LONG = {
  groups: [{ group: { type: 'Group', id: 'g' }, count: 1 }],
  ttlMs: 3_600_000,
  severity: 'low',
} as const;

/** Names of the same form that nothing has. */
export function likeIt(names: Unsigned): Unsigned {
  const turned = Object.entries(names).map(([name, text]) => [
    name,
    `${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`,
  ]);

  return Object.fromEntries(turned) as unknown as Unsigned;
}

const KEY = newKey();

/** The same with signatures, which are to say a store and a digest. */
export function signed(names: Unsigned, own: string): Names {
  return {
    ...names,
    signature: signatureOf(KEY, names.digest, { store: 'other' }),
    crossSignature: signatureOf(KEY, own, { store: names.store }),
  };
}

/** Sends JSON, or an archive, in one and the same trace. */
export function call(
  address: string,
  authorization: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<HttpAnswer> {
  const archive = body instanceof Uint8Array;

  return send(address, {
    method,
    path,
    headers: {
      authorization,
      'content-type': archive ? 'application/gzip' : 'application/json',
      // So that answers are the same to the byte.
      traceparent: `00-${'5'.repeat(32)}-${'6'.repeat(16)}-00`,
    },
    ...(body === undefined ? {} : { body: archive ? body : JSON.stringify(body) }),
  });
}
