import type { Router } from 'express';
import { z } from 'zod';
import {
  activate,
  createStore,
  currentDeployments,
  type Deployment,
  deploymentHistory,
  listStores,
} from '../../store/deployments.ts';
import { listOverrides } from '../../store/evaluator-overrides.ts';
import type { JsonValue } from '../wire/rest/json-text.ts';
import { digestOf } from './bundles.ts';
import {
  type AdminContext,
  adminOf,
  createRouter,
  followChange,
  reply,
  requireAllStores,
  storeOf,
  visibleStores,
} from './context.ts';
import { readInput } from './input.ts';

const HISTORY = 20;

/** Body of `PUT /v1/stores/{store}/deployment`. */
export const ACTIVATION = z.strictObject({
  digest: z.string(),
  /** The sequence that its author saw last, 0 for none; left out, it activates over whatever is there. */
  expected_sequence: z.bigint().nonnegative().optional(),
  reason: z.string().max(1_024).default(''),
});

/** Body of `POST /v1/stores`. */
export const NEW_STORE = z.strictObject({ name: z.string() });

/** `/v1/stores`: make one, list them, and what each runs. */
export function deploymentRoutes(context: AdminContext): Router {
  const { poolFor, replica } = context;
  const router = createRouter();

  router.get('/v1/stores', async (request, response) => {
    const visible = visibleStores(request);
    const stores = (await listStores(poolFor(request))).filter(({ name }) => visible?.includes(name) ?? true);
    reply(request, response, 200, {
      stores: stores.map(({ name, sequence, createdAt }) => ({
        name,
        sequence,
        created_at: createdAt.toISOString(),
      })),
    });
  });

  router.post('/v1/stores', async (request, response) => {
    requireAllStores(request);
    const { name } = await readInput(request, response, NEW_STORE);
    await createStore(poolFor(request), name);
    await followChange(context);
    reply(request, response, 201, { name, sequence: 0n });
  });

  router.get('/v1/stores/:store/deployment', async (request, response) => {
    const store = storeOf(request);
    const history = await deploymentHistory(poolFor(request), store, HISTORY);
    const [active] = history;
    const serving = replica.snapshot().stores.get(store);
    const override = (await listOverrides(poolFor(request))).find(({ digest }) => digest === active?.digest);
    reply(request, response, 200, {
      store,
      active: active === undefined ? undefined : toJson(active),
      /** What the process that answers serves: it follows the active one within a second. */
      serving: {
        sequence: serving?.sequence ?? 0n,
        digest: serving?.bundle?.ref.digest,
        evaluator: serving?.bundle?.evaluator.name,
      },
      // Only the time: the decision that led to it may be of a store that this caller may not see.
      evaluator_overridden_at: override?.createdAt.toISOString(),
      history: history.map(toJson),
    });
  });

  router.put('/v1/stores/:store/deployment', async (request, response) => {
    const store = storeOf(request);
    const { digest, expected_sequence, reason } = await readInput(request, response, ACTIVATION);
    // A bundle that this process cannot load would fail on every replica: better no deployment than that.
    await replica.prepare(digestOf(digest));
    const deployment = await activate(poolFor(request), {
      store,
      digest,
      expectedSequence: expected_sequence,
      author: adminOf(request).subject,
      reason,
    });
    await followChange(context);
    reply(request, response, 200, toJson(deployment));
  });

  router.get('/v1/deployments', async (request, response) => {
    const visible = visibleStores(request);
    const deployments = (await currentDeployments(poolFor(request))).filter(
      ({ store }) => visible?.includes(store) ?? true,
    );
    reply(request, response, 200, { deployments: deployments.map(toJson) });
  });

  return router;
}

function toJson(deployment: Deployment): JsonValue {
  return {
    store: deployment.store,
    sequence: deployment.sequence,
    bundle: { name: deployment.name, version: deployment.version, digest: deployment.digest },
    author: deployment.author,
    reason: deployment.reason,
    created_at: deployment.createdAt.toISOString(),
  };
}
