import { createDecisionClient, type DecisionClient, type Outcome } from '../../support/decision-client.ts';
import { type Question, restBody } from '../../support/question.ts';
import { type RunClient, restRuns } from '../../support/run-client.ts';
import { createCredential, createStore, deploy, uniqueName } from '../../support/shared-store.ts';
import { type SharedWorld, sharedWorld } from '../../support/shared-world.ts';
import { type agentBundle, BOT } from './support.ts';

/** A store of its own on the run's server, and who asks in it. */
export interface RunStore {
  readonly world: SharedWorld;
  readonly name: string;
  readonly token: string;
  /** Of another credential, and of one that speaks for one bot alone. */
  readonly other: string;
  readonly bound: string;
  readonly client: DecisionClient;
  readonly runs: RunClient;
}

export async function storeWith(files: ReturnType<typeof agentBundle>): Promise<RunStore> {
  const world = await sharedWorld();
  const name = uniqueName('runs');
  await createStore(world, name);
  const token = await createCredential(world, { stores: [name] });
  const other = await createCredential(world, { stores: [name] });
  const principals = [{ type: BOT.type, ids: [BOT.id] }];
  const bound = await createCredential(world, { stores: [name], principals });
  await deploy(world, name, files);
  const client = createDecisionClient(world.addresses, token);

  return { world, name, token, other, bound, client, runs: restRuns(world.addresses, `Bearer ${token}`) };
}

/** The id of a run that is started in the store. */
export async function startedIn(
  { runs }: RunStore,
  members: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const run = await runs.start({ principal: BOT, ...members });

  return String(run['run_id'] ?? JSON.stringify(run));
}

export function question(action: string, run?: string, more: Partial<Question> = {}): Question {
  return {
    principal: 'Bot::"b"',
    action: `Action::"${action}"`,
    resource: 'Site::"s"',
    members: run === undefined ? {} : { run: { run_id: run } },
    ...more,
  };
}

export function askIn({ client }: RunStore, ...asked: Parameters<typeof question>): Promise<Outcome> {
  return client.rest(restBody(question(...asked)));
}
