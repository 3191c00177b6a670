import { z } from 'zod';
import { type Candidate, judgeSignatures } from '../../bundles/signature/judge.ts';
import { type VerifyingKey, verifyingKey } from '../../bundles/signature/keys.ts';
import { LIMITS } from '../../engine/limits.ts';
import { proposeRequirement, REQUIREMENT_KIND, runningBundles } from '../../store/change-requirement.ts';
import type { Database } from '../../store/database.ts';
import { listProposals, type Proposal, rejectProposal } from '../../store/proposals.ts';
import { currentRequirement, type StoredRequirement } from '../../store/signature-requirements.ts';
import { signaturesBy } from '../../store/signatures.ts';
import type { JsonValue } from '../wire/rest/json-text.ts';
import { approveRequirement } from './approve-requirement.ts';
import { type AdminContext, adminOf, reply, storeOf } from './context.ts';
import { readInput } from './input.ts';
import { type AdminRoute, createAdminRoutes } from './routes.ts';

/** Body of `POST /v1/stores/{store}/signature-requirement/proposals`. */
export const NEW_REQUIREMENT = z.strictObject({
  /** How many of the keys must have signed; 0, with no keys: no signature is required any more. */
  threshold: z.bigint().min(0n).max(BigInt(LIMITS.signature_keys)),
  keys: z
    .array(z.strictObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string() }))
    .max(LIMITS.signature_keys),
  reason: z.string().max(1_024).default(''),
});

const PATH = '/v1/stores/:store/signature-requirement' as const;
/** Proposals that are shown; those that are open are few. */
const SHOWN = 100;

/** `/v1/stores/{store}/signature-requirement`: what a store requires, and the two persons that it takes to change it. */
export function requirementRoutes(context: AdminContext): readonly AdminRoute[] {
  const { poolFor } = context;
  const routes = createAdminRoutes();

  routes.get(PATH, 'readDeployments', async (request, response) => {
    const store = storeOf(request);
    const pool = poolFor(request);
    const requirement = await currentRequirement(pool, store);
    const running = await runningBundles(pool, store);
    const proposals = await listProposals(pool, [store], { open: true, limit: SHOWN });
    reply(request, response, 200, {
      store,
      sequence: requirement?.sequence ?? 0n,
      threshold: BigInt(requirement?.threshold ?? 0),
      keys: keysJson(requirement?.keys ?? []),
      ...(requirement === undefined ? {} : authorsJson(requirement)),
      bundles: await Promise.all(running.map((bundle) => standingJson(pool, requirement, bundle))),
      proposals: proposals.filter(({ kind }) => kind === REQUIREMENT_KIND).map(proposalJson),
    });
  });

  routes.post(`${PATH}/proposals`, 'writeSettings', async (request, response) => {
    const store = storeOf(request);
    const { threshold, keys, reason } = await readInput(request, response, NEW_REQUIREMENT);
    const proposal = await proposeRequirement(
      poolFor(request),
      {
        store,
        threshold: Number(threshold),
        keys: keys.map(({ x }) => verifyingKey(x)),
        proposedBy: adminOf(request).subject,
        reason,
      },
      Date.now(),
    );
    reply(request, response, 201, proposalJson(proposal));
  });

  routes.post(`${PATH}/proposals/:id/approve`, 'approveProposal', async (request, response) => {
    const store = storeOf(request);
    const sequence = await approveRequirement(context, request, request.params.id, [store]);
    reply(request, response, 200, { store, sequence, proposal: request.params.id });
  });

  routes.post(`${PATH}/proposals/:id/reject`, 'rejectProposal', async (request, response) => {
    const store = storeOf(request);
    const proposal = await rejectProposal(poolFor(request), request.params.id, adminOf(request).subject, [
      store,
    ]);
    reply(request, response, 200, { store, proposal: proposal.id });
  });

  return routes.all;
}

function keysJson(keys: readonly VerifyingKey[]): JsonValue {
  return keys.map(({ id, x }) => ({ kid: id, kty: 'OKP', crv: 'Ed25519', x }));
}

function authorsJson({ proposedBy, approvedBy, reason, createdAt }: StoredRequirement) {
  return {
    proposed_by: proposedBy,
    approved_by: approvedBy,
    reason,
    created_at: createdAt.toISOString(),
  };
}

/** How a bundle that the store runs stands by its requirement. */
async function standingJson(
  database: Database,
  requirement: StoredRequirement | undefined,
  candidate: Candidate,
): Promise<JsonValue> {
  const { digest, name } = candidate;
  if (requirement === undefined || requirement.threshold === 0) return { digest, name };

  const ids = requirement.keys.map(({ id }) => id);
  const texts = await signaturesBy(database, candidate, ids);
  const { satisfied, signed, missing, until } = judgeSignatures(requirement, texts, candidate, Date.now());

  return {
    digest,
    name,
    satisfied,
    signed,
    missing,
    until: until === undefined ? undefined : new Date(until * 1_000).toISOString(),
  };
}

function proposalJson({ id, store, payload, proposedBy, reason, createdAt, expiresAt }: Proposal): JsonValue {
  const { threshold, keys } = payload as { readonly threshold: number; readonly keys: readonly string[] };

  return {
    id,
    store,
    threshold: BigInt(threshold),
    keys: keysJson(keys.map(verifyingKey)),
    proposed_by: proposedBy,
    reason,
    created_at: createdAt.toISOString(),
    expires_at: expiresAt.toISOString(),
  };
}
