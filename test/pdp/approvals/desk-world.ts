import { afterAll, beforeAll } from 'vitest';
import { createDecisionClient, type DecisionClient, type Outcome } from '../../support/decision-client.ts';
import { grpcMessage, restBody } from '../../support/question.ts';
import {
  type AdminAnswer,
  administer,
  createCredential,
  createStore,
  deploy,
  uniqueName,
} from '../../support/shared-store.ts';
import { type SharedWorld, sharedWorld } from '../../support/shared-world.ts';
import { type PayChanges, payBundle } from './support.ts';

/** One question over a transport. */
export interface Asked {
  readonly amount?: number;
  readonly note?: string;
  readonly bot?: string;
  readonly pin?: string;
  readonly approval_id?: string;
  readonly token?: string;
}

/** A store of its own on the run's server, agents that ask in it, and people who answer. */
export interface DeskWorld {
  readonly world: SharedWorld;
  readonly store: string;
  readonly digest: string;
  readonly client: DecisionClient;
  pay(asked?: Asked, transport?: 'grpc' | 'rest'): Promise<Outcome>;
  /** As an approver's credential that speaks for this user alone, or as any other one. */
  desk(who: string, method: 'GET' | 'POST', path: string, body?: unknown): Promise<AdminAnswer>;
  /** The token of a credential that speaks for this user. */
  tokenOf(who: string): Promise<string>;
  /** Waits for people over REST. */
  wait(approvalId: string, more?: object, token?: string): Promise<AdminAnswer>;
}

export function useDesk(changes: PayChanges = {}): { readonly current: DeskWorld } {
  let opened: DeskWorld | undefined;
  beforeAll(async () => {
    opened = await openDesk(changes);
  });
  afterAll(() => opened?.client.close());

  return {
    get current() {
      if (opened === undefined) throw new Error('the desk is not open yet');

      return opened;
    },
  };
}

async function openDesk(changes: PayChanges): Promise<DeskWorld> {
  const world = await sharedWorld();
  const store = uniqueName('desk');
  await createStore(world, store);
  const runtime = await createCredential(world, { stores: [store] });
  const digest = await deploy(world, store, payBundle(changes));
  const client = createDecisionClient(world.addresses, runtime);
  const tokens = new Map<string, Promise<string>>();
  const tokenOf = (who: string): Promise<string> => {
    const known = tokens.get(who) ?? makeToken(world, store, who);
    tokens.set(who, known);

    return known;
  };

  return {
    world,
    store,
    digest,
    client,
    tokenOf,

    async pay(
      { amount = 500, note = 'rent', bot = 'bot', pin, approval_id, token } = {},
      transport = 'grpc',
    ) {
      const input = pin === undefined ? { amount, note } : { amount, note, pin };
      const question = {
        principal: `Bot::"${bot}"`,
        action: 'Action::"pay"',
        resource: 'Account::"a"',
        context: JSON.stringify({ input }),
        members: approval_id === undefined ? {} : { approval_id },
      };
      const asking = token === undefined ? client : createDecisionClient(world.addresses, token);
      const outcome = await (transport === 'grpc'
        ? asking.grpc(grpcMessage(question))
        : asking.rest(restBody(question)));
      if (asking !== client) asking.close();

      return outcome;
    },

    async desk(who, method, path, body) {
      return administer({ ...world, adminToken: await tokenOf(who) }, method, path, body);
    },

    wait: (approval_id, more = {}, token = runtime) =>
      administer(
        { addresses: { admin: world.addresses.rest }, adminToken: token },
        'POST',
        '/v1/approvals/wait',
        { approval_id, ...more },
      ),
  };
}

/** A credential is known everywhere within a second; here the answer waits until it is. */
async function makeToken(world: SharedWorld, store: string, who: string): Promise<string> {
  const principals = [{ type: 'User', ids: [who] }];

  return createCredential(world, { name: uniqueName(who), roles: ['approver'], stores: [store], principals });
}

/** The id of the question that an answer of the wire names. */
export function idOf(outcome: Outcome): string {
  const { approval } = outcome as { approval?: { approval_id: string } };
  if (approval === undefined)
    throw new Error(
      `no question: ${JSON.stringify(outcome, (_, v) => (typeof v === 'bigint' ? `${v}` : v))}`,
    );

  return approval.approval_id;
}
