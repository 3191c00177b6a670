import { z } from 'zod';
import type { Database } from '../../store/database.ts';
import {
  createStore,
  currentDeployments,
  type Deployment,
  deploymentHistory,
  listStores,
} from '../../store/deployments.ts';
import { listOverrides } from '../../store/evaluator-overrides.ts';
import { listReplicas } from '../../store/replicas.ts';
import { figuresOf } from '../trial/watch.ts';
import { type AdminContext, followChange, reply, storeOf, visibleStores } from './context.ts';
import { deploymentJson, figuresJson } from './deployment-json.ts';
import { readInput, readQuery } from './input.ts';
import { replicasJson } from './replicas-json.ts';
import { type AdminRoute, createAdminRoutes } from './routes.ts';

const HISTORY = 20;

/** Parameters of `GET /v1/stores/{store}/deployments`. */
export const HISTORY_QUERY = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: z
    .string()
    .regex(/^\d{1,18}$/, 'is a sequence')
    .transform(BigInt)
    .optional(),
});

/** Body of `POST /v1/stores`. */
export const NEW_STORE = z.strictObject({ name: z.string() });

/** `/v1/stores`: make one, list them, and what each runs. */
export function deploymentRoutes(context: AdminContext): readonly AdminRoute[] {
  const { poolFor, replica } = context;
  const routes = createAdminRoutes();

  routes.get('/v1/stores', 'readStores', async (request, response) => {
    const visible = visibleStores(request);
    const stores = (await listStores(poolFor(request))).filter(({ name }) => visible?.includes(name) ?? true);
    reply(request, response, 200, {
      stores: stores.map(({ name, sequence, twoPerson, createdAt }) => ({
        name,
        sequence,
        two_person: twoPerson,
        created_at: createdAt.toISOString(),
      })),
    });
  });

  routes.post('/v1/stores', 'createStore', async (request, response) => {
    const { name } = await readInput(request, response, NEW_STORE);
    await createStore(poolFor(request), name);
    await followChange(context);
    reply(request, response, 201, { name, sequence: 0n });
  });

  routes.get('/v1/stores/:store/deployment', 'readDeployments', async (request, response) => {
    const store = storeOf(request);
    const history = await deploymentHistory(poolFor(request), store, HISTORY);
    const [active] = history;
    const known = (await listStores(poolFor(request))).find(({ name }) => name === store);
    const serving = replica.snapshot().stores.get(store);
    const override = (await listOverrides(poolFor(request))).find(({ digest }) => digest === active?.digest);
    reply(request, response, 200, {
      store,
      two_person: known?.twoPerson ?? false,
      active: active === undefined ? undefined : deploymentJson(active),
      figures: active === undefined ? undefined : await trialsJson(poolFor(request), active),
      /** What the process that answers serves: it follows the active one within a second. */
      serving: {
        sequence: serving?.sequence ?? 0n,
        state_sequence: serving?.entities.held.sequence ?? 0n,
        digest: serving?.bundle?.ref.digest,
        evaluator: serving?.bundle?.evaluator.name,
      },
      ...replicasJson(await listReplicas(poolFor(request)), store, active?.sequence ?? 0n),
      // Only the time: the decision that led to it may be of a store that this caller may not see.
      evaluator_overridden_at: override?.createdAt.toISOString(),
      history: history.map(deploymentJson),
    });
  });

  routes.get('/v1/stores/:store/deployments', 'readDeployments', async (request, response) => {
    const store = storeOf(request);
    const { limit, before } = readQuery(request, HISTORY_QUERY);
    const deployments = await deploymentHistory(poolFor(request), store, limit, before);
    const next = deployments.length < limit ? undefined : deployments.at(-1)?.sequence.toString();
    reply(request, response, 200, { deployments: deployments.map(deploymentJson), next });
  });

  routes.get('/v1/deployments', 'readDeployments', async (request, response) => {
    const visible = visibleStores(request);
    const deployments = (await currentDeployments(poolFor(request))).filter(
      ({ store }) => visible?.includes(store) ?? true,
    );
    reply(request, response, 200, { deployments: deployments.map(deploymentJson) });
  });

  return routes.all;
}

/** Of the candidates that run, what all processes have counted. */
async function trialsJson(database: Database, { store, canary, shadow }: Deployment) {
  const canaryTrial = canary === null ? undefined : ({ store, role: 'canary', since: canary.since } as const);
  const shadowTrial = shadow === null ? undefined : ({ store, role: 'shadow', since: shadow.since } as const);

  return {
    canary: canaryTrial === undefined ? undefined : figuresJson(await figuresOf(database, canaryTrial)),
    shadow: shadowTrial === undefined ? undefined : figuresJson(await figuresOf(database, shadowTrial)),
  };
}
