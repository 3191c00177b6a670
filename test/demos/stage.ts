import { readBundleDirectory } from '../../services/bundles/files.ts';
import type { Role } from '../../services/store/credentials.ts';
import { type Replica, startReplicas } from '../e2e/support/three-replicas.ts';
import { uidOf } from '../support/question.ts';
import { type ServerWorld, withoutTests } from '../support/server.ts';
import {
  type Administration,
  activate,
  administer,
  createStore,
  pushBundle,
} from '../support/shared-store.ts';
import type { Actor } from './demo.ts';
import { eventually } from './waiting.ts';

/** Three processes on one PostgreSQL. Demos that share one have stores of their own. */
export interface Stage {
  readonly world: ServerWorld;
  readonly replicas: readonly Replica[];
  readonly administration: Administration;
  /** Deploys bundles without their tests, which have a test of their own. */
  readonly withoutTests: boolean;
}

const REPLICAS = ['pdp-1', 'pdp-2', 'pdp-3'];

export async function openStage(world: ServerWorld, { withoutTests = false } = {}): Promise<Stage> {
  const replicas = await startReplicas(world, REPLICAS, {});
  const [first] = replicas as readonly [Replica, ...Replica[]];

  return {
    world,
    replicas,
    administration: { addresses: first.server.addresses, adminToken: world.adminToken },
    withoutTests,
  };
}

/** Makes the stores that a demo needs. */
export async function makeStores({ administration }: Stage, stores: readonly string[]): Promise<void> {
  for (const store of stores) await createStore(administration, store);
}

/**
 * Makes a credential for each, and gives their tokens by name. Made before a deployment: whoever serves that knows the
 * credentials too.
 */
export async function tokensOf(
  { world }: Stage,
  actors: readonly Actor[],
  role: Role,
): Promise<Map<string, string>> {
  const made = actors.map(async ({ name, store, principals }) => {
    const rules = principals.map(uidOf).map(({ type, id }) => ({ type, ids: [id] }));
    const wanted = { roles: [role], stores: [store], principals: rules };

    return [name, await world.credential({ name: `${name}-of-${store}`, ...wanted })] as const;
  });

  return new Map(await Promise.all(made));
}

/** Pushes a bundle and makes it the active one of a store; settles once all replicas serve it. @returns its digest. */
export async function deploy(stage: Stage, store: string, folder: string): Promise<string> {
  const { administration, replicas } = stage;
  const { files } = await readBundleDirectory(folder);
  const pushed = await pushBundle(administration, stage.withoutTests ? withoutTests(files) : files);
  if (pushed.status >= 300) throw new Error(`${folder} was refused: ${pushed.body['report']}`);
  const digest = String(pushed.body['digest']);
  const activated = await activate(administration, store, digest);
  if (activated.status !== 200) throw new Error(`${folder} was not activated: ${activated.body['detail']}`);

  const served = replicas.map(({ server }) =>
    eventually(`${folder} is served`, async () => {
      const at = { ...administration, addresses: server.addresses };
      const { body } = await administer(at, 'GET', `/v1/stores/${store}/deployment`);

      return (body['serving'] as { digest?: string } | undefined)?.digest === digest ? true : undefined;
    }),
  );
  await Promise.all(served);

  return digest;
}
