import { join } from 'node:path';
import { readBundleDirectory } from '../../services/bundles/files.ts';
import { type Replica, startReplicas } from '../e2e/support/three-replicas.ts';
import { uidOf } from '../support/question.ts';
import type { ServerWorld } from '../support/server.ts';
import {
  type Administration,
  activate,
  administer,
  createStore,
  pushBundle,
} from '../support/shared-store.ts';
import { startAgent } from './agent/agent.ts';
import type { Actor, Demo } from './demo.ts';
import { compareDeedsWithLog } from './epilogue.ts';
import type { Narrator } from './narrator.ts';
import { createScene, type StoreAgent } from './scene.ts';
import { eventually } from './waiting.ts';

const REPLICAS = ['pdp-1', 'pdp-2', 'pdp-3'];

/**
 * Plays a demo on three processes of its own: deploys its bundles, starts its agents, tells its story, and holds what the
 * agents did against the log.
 * @throws Unexpected at the first answer that the story does not want.
 */
export async function play(demo: Demo, world: ServerWorld, narrator: Narrator): Promise<void> {
  narrator.title(`${demo.name}: ${demo.about}`);
  const replicas = await startReplicas(world, REPLICAS, {});
  const [first] = replicas as readonly [Replica, ...Replica[]];
  const administration = { addresses: first.server.addresses, adminToken: world.adminToken };
  const stores = Object.keys(demo.stores).filter((store) => store !== 'default');
  await Promise.all(stores.map((store) => createStore(administration, store)));
  // Before the deployments: whoever serves those knows the credentials too.
  const tokens = await Promise.all(demo.agents.map((actor) => credentialOf(actor, world)));
  for (const [store, folder] of Object.entries(demo.stores)) {
    const digest = await deploy(administration, replicas, store, folder);
    narrator.detail('store', `${store} runs ${folder}, ${digest}`);
  }

  const agents = new Map<string, StoreAgent>();
  try {
    for (const [at, { name, store }] of demo.agents.entries()) {
      const addresses = replicas.map(({ server }) => server.addresses.grpc);
      const folder = join(world.home, `done-by-${name}`);
      agents.set(name, { agent: await startAgent({ addresses, token: tokens[at] ?? '', folder }), store });
    }
    const scene = createScene({ administration, agents, narrator });
    await demo.play(scene);
    await compareDeedsWithLog(
      scene,
      administration,
      [...agents.values()].map(({ agent }) => agent),
    );
    await scene.palisade('log', 'verify');
  } finally {
    await Promise.all([...agents.values()].map(({ agent }) => agent.end()));
  }
}

function credentialOf({ name, store, principals }: Actor, world: ServerWorld): Promise<string> {
  const rules = principals.map(uidOf).map(({ type, id }) => ({ type, ids: [id] }));

  return world.credential({ name, stores: [store], principals: rules });
}

/** Pushes a bundle and makes it the active one of a store; settles once all replicas serve it. */
async function deploy(
  administration: Administration,
  replicas: readonly Replica[],
  store: string,
  folder: string,
): Promise<string> {
  const { files } = await readBundleDirectory(folder);
  const pushed = await pushBundle(administration, files);
  if (pushed.status >= 300) throw new Error(`${folder} was refused: ${pushed.body['report']}`);
  const digest = String(pushed.body['digest']);
  const activated = await activate(administration, store, digest);
  if (activated.status !== 200) throw new Error(`${folder} was not activated: ${activated.body['detail']}`);

  await Promise.all(
    replicas.map(({ server }) =>
      eventually(`${folder} is served`, async () => {
        const at = { ...administration, addresses: server.addresses };
        const { body } = await administer(at, 'GET', `/v1/stores/${store}/deployment`);

        return (body['serving'] as { digest?: string } | undefined)?.digest === digest ? true : undefined;
      }),
    ),
  );

  return digest;
}
