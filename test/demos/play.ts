import { join } from 'node:path';
import { startAgent } from './agent/agent.ts';
import type { Demo } from './demo.ts';
import { compareDeedsWithLog } from './epilogue.ts';
import type { Narrator } from './narrator.ts';
import { createScene, type StoreAgent } from './scene.ts';
import { deploy, makeStores, type Stage, tokensOf } from './stage.ts';

/**
 * Plays a demo: deploys its bundles, starts its agents, tells its story, and holds what the agents did against the log.
 * @throws Unexpected at the first answer that the story does not want.
 */
export async function play(demo: Demo, stage: Stage, narrator: Narrator): Promise<void> {
  const { world, administration, replicas } = stage;
  narrator.title(`${demo.name}: ${demo.about}`);
  await makeStores(stage, Object.keys(demo.stores));
  const runtimes = await tokensOf(stage, demo.agents, 'runtime');
  const people = await tokensOf(stage, demo.people ?? [], 'approver');
  for (const [store, folder] of Object.entries(demo.stores)) {
    narrator.detail('store', `${store} runs ${folder}, ${await deploy(stage, store, folder)}`);
  }

  const agents = new Map<string, StoreAgent>();
  try {
    for (const { name, store } of demo.agents) {
      const addresses = replicas.map(({ server }) => server.addresses.grpc);
      const setting = {
        addresses,
        token: runtimes.get(name) ?? '',
        folder: join(world.home, `done-by-${name}`),
      };
      agents.set(name, { agent: await startAgent(setting), store });
    }
    const tokens = people.set('admin', world.adminToken);
    const scene = createScene({ administration, agents, tokens, narrator });
    await demo.play(scene);
    await compareDeedsWithLog(scene, administration, [...agents.values()]);
    await scene.palisade('admin', ['log', 'verify']);
  } finally {
    await Promise.all([...agents.values()].map(({ agent }) => agent.end()));
  }
}
