import type { Request } from 'express';
import { z } from 'zod';
import { clockFault, judgeSignature } from '../../bundles/signature/judge.ts';
import { type BundleSignature, isSignedBy, parseSignature } from '../../bundles/signature/jws.ts';
import { PdpError } from '../../engine/error.ts';
import { getBundle } from '../../store/bundles.ts';
import type { Pool } from '../../store/database.ts';
import { insertSignature } from '../../store/insert-signature.ts';
import { currentRequirement, type StoredRequirement } from '../../store/signature-requirements.ts';
import { listSignatures, type StoredSignature } from '../../store/signatures.ts';
import type { JsonValue } from '../wire/rest/json-text.ts';
import { digestOf } from './bundles.ts';
import { type AdminContext, adminOf, followChange, reply, visibleStores } from './context.ts';
import { readInput } from './input.ts';
import { type AdminRoute, createAdminRoutes } from './routes.ts';

/** Body of `POST /v1/bundles/{digest}/signatures`. */
export const NEW_SIGNATURE = z.strictObject({ signature: z.string() });

/** `/v1/bundles/{digest}/signatures`: put one beside a bundle, list them. Whether one counts is judged anew at each use. */
export function signatureRoutes(context: AdminContext): readonly AdminRoute[] {
  const { poolFor } = context;
  const routes = createAdminRoutes();

  routes.post('/v1/bundles/:digest/signatures', 'pushSignature', async (request, response) => {
    const digest = digestOf(request.params.digest);
    await getBundle(poolFor(request), digest, visibleStores(request) ?? 'all');
    const signature = parseSignature((await readInput(request, response, NEW_SIGNATURE)).signature);
    const pool = poolFor(request);
    const known = await checkPushed(request, pool, signature, digest);
    const { created } = await insertSignature(pool, signature, {
      known,
      createdBy: adminOf(request).subject,
    });
    await followChange(context);
    const { statement, keyId } = signature;
    reply(request, response, created ? 201 : 200, {
      digest,
      store: statement.store,
      key: keyId,
      issued_at: timeOf(statement.issuedAt),
      expires_at: timeOf(statement.expiresAt),
      created,
    });
  });

  routes.get('/v1/bundles/:digest/signatures', 'readBundles', async (request, response) => {
    const digest = digestOf(request.params.digest);
    const pool = poolFor(request);
    const scope = visibleStores(request) ?? 'all';
    const { name } = await getBundle(pool, digest, scope);
    const stored = await listSignatures(pool, digest, scope);
    const requirements = new Map<string, StoredRequirement | undefined>();
    for (const { store } of stored) {
      if (!requirements.has(store)) requirements.set(store, await currentRequirement(pool, store));
    }
    reply(request, response, 200, {
      signatures: stored.map((one) => toJson(one, { digest, name }, requirements.get(one.store))),
    });
  });

  return routes.all;
}

/**
 * Refuses what can never count, and what its caller may not push.
 * @returns whether a key made it that the store requires.
 */
async function checkPushed(
  request: Request,
  pool: Pool,
  signature: BundleSignature,
  digest: string,
): Promise<boolean> {
  const { statement, keyId } = signature;
  if (statement.digest !== digest) {
    throw new PdpError('precondition_failed', `the signature is for ${statement.digest}`, {
      field: 'signature',
    });
  }
  if (visibleStores(request)?.includes(statement.store) === false) {
    throw new PdpError('not_found', `there is no store ${statement.store}`, { field: 'store' });
  }

  const keys = (await currentRequirement(pool, statement.store))?.keys ?? [];
  const key = keys.find(({ id }) => id === keyId);
  if (key !== undefined && !isSignedBy(signature, key)) {
    throw new PdpError('precondition_failed', `the key ${keyId} did not make this signature`, {
      field: 'signature',
    });
  }
  const fault = clockFault(statement, Date.now());
  if (fault !== undefined) {
    throw new PdpError('precondition_failed', `the signature does not count: ${fault.reason}`, {
      field: 'signature',
    });
  }

  return key !== undefined;
}

function toJson(
  { store, keyId, text, createdAt, createdBy }: StoredSignature,
  bundle: { readonly digest: string; readonly name: string },
  requirement: StoredRequirement | undefined,
): JsonValue {
  const judged = judgeSignature(requirement?.keys ?? [], text, { store, ...bundle }, Date.now());
  const statement = judged.signature?.statement;

  return {
    store,
    key: keyId,
    issued_at: statement === undefined ? undefined : timeOf(statement.issuedAt),
    expires_at: statement === undefined ? undefined : timeOf(statement.expiresAt),
    state: judged.state,
    reason: judged.reason === '' ? undefined : judged.reason,
    signature: text,
    created_at: createdAt.toISOString(),
    created_by: createdBy,
  };
}

/** @param seconds since the epoch. */
function timeOf(seconds: number): string {
  return new Date(seconds * 1_000).toISOString();
}
