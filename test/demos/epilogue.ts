import { type Administration, administer } from '../support/shared-store.ts';
import type { LoggedDecision, Scene } from './demo.ts';
import type { StoreAgent } from './scene.ts';
import { eventually } from './waiting.ts';

const MOST_RECORDS = 1_000;

/** Holds what the agents did against the log: each deed has its allow there, and no allow is without a deed. */
export async function compareDeedsWithLog(
  scene: Scene,
  administration: Administration,
  agents: readonly StoreAgent[],
): Promise<void> {
  scene.tell('What the agent really did is held against the log.');
  const done = new Set(
    (await Promise.all(agents.map(({ agent }) => agent.deeds()))).flatMap((each) => [...each.keys()]),
  );
  const stores = new Set(agents.map(({ store }) => store));
  const logged = await eventually('the log holds everything that was done', async () => {
    const allowed = await enforcedAllows(administration, stores);

    return allowed.size >= done.size ? allowed : undefined;
  });
  scene.expect(done.symmetricDifference(logged).size === 0, 'the log allows what was done, and nothing else');
  scene.show('done', `${done.size} tool calls, and the log allows exactly these`);
}

async function enforcedAllows(
  administration: Administration,
  stores: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const path = `/v1/decisions?decision=allow&limit=${MOST_RECORDS}`;
  const { body } = await administer(administration, 'GET', path);
  const records = body['records'] as readonly (LoggedDecision & Kept)[];
  const kept = records.filter(({ enforcement, store }) => enforcement === 'enforced' && stores.has(store));

  return new Set(kept.map(({ decision_id }) => decision_id));
}

interface Kept {
  readonly store: string;
  readonly enforcement: string;
}
