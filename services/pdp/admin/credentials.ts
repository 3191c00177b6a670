import { z } from 'zod';
import { isTypeName } from '../../engine/data/type-name.ts';
import { PdpError } from '../../engine/error.ts';
import {
  ALL_STORES,
  CREDENTIAL_NAME,
  CREDENTIAL_NAME_RULE,
  type CredentialInfo,
  insertCredential,
  listCredentials,
  ROLES,
  revokeCredential,
} from '../../store/credentials.ts';
import type { Pool } from '../../store/database.ts';
import { certificateJson, PUBLIC_KEY, publicKeyHash, SAN, sanOf } from '../certificate-name.ts';
import { createCredentialId, createToken } from '../token.ts';
import { MOST_RATE } from '../token-bucket.ts';
import type { JsonValue } from '../wire/rest/json-text.ts';
import { type AdminContext, adminOf, followChange, reply, visibleStores } from './context.ts';
import { decideCall } from './guard.ts';
import { readInput } from './input.ts';
import { type AdminRoute, createAdminRoutes } from './routes.ts';
import { INSTALLATION } from './system-bundle.ts';

const PATH = '/v1/credentials';

const rate = z
  .bigint()
  .min(1n)
  .max(BigInt(MOST_RATE))
  .transform(Number)
  .meta({ override: { type: 'integer', minimum: 1, maximum: MOST_RATE } });

/** Body of `POST /v1/credentials`. */
export const NEW_CREDENTIAL = z.strictObject({
  name: z.string().regex(CREDENTIAL_NAME, CREDENTIAL_NAME_RULE),
  /** `runtime` stands alone. */
  roles: z.array(z.enum(ROLES)).min(1).max(ROLES.length),
  stores: z.array(z.string()).min(1).max(100),
  /** Left out: any principal. */
  principals: z
    .array(
      z.strictObject({
        type: z.string().refine(isTypeName, 'is not the name of an entity type'),
        ids: z.array(z.string()).min(1).max(1_000).optional(),
      }),
    )
    .min(1)
    .max(100)
    .optional(),
  full_detail: z.boolean().default(false),
  /** What proves it, instead of a token. */
  certificate: z
    .strictObject({
      san: z
        .string()
        .max(2_048)
        .regex(SAN, 'is URI:… or DNS:…, as it stands in the certificate, without wildcards')
        .transform(sanOf)
        .meta({ override: { type: 'string', maxLength: 2_048, pattern: SAN.source } }),
      /** Left out: any key of a certificate that the authority signed. */
      public_key: z.string().regex(PUBLIC_KEY, 'is sha256: and 64 hex digits').optional(),
    })
    .optional(),
  expires_at: z.iso.datetime({ offset: true }).optional(),
  /** Left out: what the server allows by default. */
  rate_limit: z
    .strictObject({
      rate_per_second: rate,
      /** Left out: as many as come in a second. */
      burst: rate.optional(),
    })
    .optional(),
});

/** `/v1/credentials`: make one, list them, revoke one. A token is told once, when it is made. */
export function credentialRoutes(context: AdminContext): readonly AdminRoute[] {
  const { poolFor } = context;
  const routes = createAdminRoutes();

  routes.post(PATH, 'createCredential', async (request, response) => {
    const wanted = await readInput(request, response, NEW_CREDENTIAL);
    const expiresAt = wanted.expires_at === undefined ? null : new Date(wanted.expires_at);
    const roles = ROLES.filter((role) => wanted.roles.includes(role));
    if (roles.includes('runtime') && roles.length > 1) {
      throw new PdpError('invalid_request', 'runtime stands alone: who is governed administers nothing', {
        field: 'roles',
      });
    }
    if (roles.includes('runtime') && wanted.stores.includes(ALL_STORES)) {
      throw new PdpError('invalid_request', 'a runtime credential names its stores one by one', {
        field: 'stores',
      });
    }
    const question = { resource: INSTALLATION, context: { roles, stores: wanted.stores } };
    await decideCall(context, request, { action: 'grantRoles', ...question }, { method: 'post', path: PATH });
    if (expiresAt !== null && expiresAt.getTime() <= Date.now()) {
      throw new PdpError('invalid_request', 'expires_at is in the past', { field: 'expires_at' });
    }

    const proof = proofOf(wanted.certificate);
    await insertCredential(poolFor(request), {
      ...proof.columns,
      name: wanted.name,
      roles,
      stores: wanted.stores,
      principals: wanted.principals ?? null,
      fullDetail: wanted.full_detail,
      createdBy: adminOf(request).subject,
      expiresAt,
      ratePerSecond: wanted.rate_limit?.rate_per_second ?? null,
      burst: wanted.rate_limit?.burst ?? wanted.rate_limit?.rate_per_second ?? null,
    });
    await followChange(context);
    const { id } = proof.columns;
    reply(request, response, 201, { id, name: wanted.name, roles, ...proof.shown });
  });

  routes.get('/v1/credentials', 'readCredentials', async (request, response) => {
    const visible = visibleStores(request);
    const credentials = (await listCredentials(poolFor(request))).filter(({ stores }) =>
      isWithin(stores, visible),
    );
    reply(request, response, 200, { credentials: credentials.map(toJson) });
  });

  routes.delete('/v1/credentials/:id', 'revokeCredential', async (request, response) => {
    const { id } = request.params;
    await requireVisible(poolFor(request), id, visibleStores(request));
    await revokeCredential(poolFor(request), id);
    await followChange(context);
    reply(request, response, 200, { id, revoked: true });
  });

  return routes.all;
}

/** What is kept of what proves a new credential, and what its maker is told of it. */
function proofOf(certificate: z.infer<typeof NEW_CREDENTIAL>['certificate']) {
  if (certificate === undefined) {
    const { token, credentialId, secretHash } = createToken();

    return { columns: { id: credentialId, secretHash }, shown: { token } };
  }
  const named = {
    certificateSan: certificate.san,
    certificateKey: certificate.public_key === undefined ? null : publicKeyHash(certificate.public_key),
  };

  return {
    columns: { id: createCredentialId(), secretHash: null, ...named },
    shown: { certificate: certificateJson(named) },
  };
}

/** Whoever administers some stores neither sees nor makes nor revokes what reaches into others. */
function isWithin(stores: readonly string[], visible: readonly string[] | undefined): boolean {
  return visible === undefined || stores.every((store) => visible.includes(store));
}

/** @throws PdpError `not_found`: a credential of other stores is, for this caller, not there. */
async function requireVisible(pool: Pool, id: string, visible: readonly string[] | undefined): Promise<void> {
  if (visible === undefined) return;

  // What a credential names never changes, so nothing can come between this and what follows.
  const credentials = await listCredentials(pool);
  if (credentials.some((one) => one.id === id && isWithin(one.stores, visible))) return;

  throw new PdpError('not_found', `there is no credential ${id}`, { field: 'id' });
}

function toJson(credential: CredentialInfo): JsonValue {
  return {
    id: credential.id,
    name: credential.name,
    roles: credential.roles,
    stores: credential.stores,
    principals: credential.principals?.map(({ type, ids }) => ({ type, ids })),
    full_detail: credential.fullDetail,
    certificate: certificateJson(credential),
    created_at: credential.createdAt.toISOString(),
    created_by: credential.createdBy,
    rate_limit:
      credential.ratePerSecond == null || credential.burst == null
        ? undefined
        : { rate_per_second: BigInt(credential.ratePerSecond), burst: BigInt(credential.burst) },
    expires_at: credential.expiresAt?.toISOString(),
    revoked_at: credential.revokedAt?.toISOString(),
  };
}
