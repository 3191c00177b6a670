import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseExactJson } from '../../../services/ledger/json.ts';
import type { ServerProcess, ServerWorld } from '../../support/server.ts';
import { ask, type Reply, type Stage, until } from './stage.ts';

/** A process id and a disk of its own, whatever process has them. */
export interface Replica {
  readonly id: string;
  server: ServerProcess;
  /** Ends the process politely, and starts another one on the same disk. */
  restart(): Promise<void>;
  admin(method: string, path: string, body?: object): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export async function startReplicas(
  world: ServerWorld,
  ids: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<readonly Replica[]> {
  const serve = (id: string): Promise<ServerProcess> =>
    world.serve({
      PALISADE_PROCESS_ID: id,
      PALISADE_SPOOL_DIR: join(world.home, id),
      ...environment,
    });

  return Promise.all(
    ids.map(async (id) => {
      const replica: Replica = {
        id,
        server: await serve(id),

        async restart() {
          const code = await replica.server.stop();
          if (code !== 0) throw new Error(`${id} ended with ${code}:\n${replica.server.output.join('\n')}`);
          replica.server = await serve(id);
        },

        async admin(method, path, body) {
          const response = await fetch(`http://${replica.server.addresses.admin}${path}`, {
            method,
            headers: { authorization: `Bearer ${world.adminToken}`, 'content-type': 'application/json' },
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          });

          return { status: response.status, body: parseExactJson(await response.text()) as Answer['body'] };
        },
      };

      return replica;
    }),
  );
}

export interface BalancedLoad {
  readonly replies: readonly Reply[];
  /** Requests that no replica answered with a decision. */
  readonly lost: readonly string[];
  stop(): Promise<void>;
}

const CLIENTS = 4;
const RUNS = 40;
/** What a server may say that is about to be gone; another one is asked then. */
const GOES = new Set(['unavailable']);

/** Asks the replicas in turns, as a balancer does: where one is gone, the next one gets the same question. */
export function startBalancedLoad(
  world: ServerWorld,
  replicas: readonly Replica[],
  level: number,
): BalancedLoad {
  const replies: Reply[] = [];
  const lost: string[] = [];
  let stopped = false;
  const loops = Array.from({ length: CLIENTS }, async (_, client) => {
    for (let count = 0; !stopped; count += 1) {
      await askAnyone(count + client, `run-${(count * CLIENTS + client) % RUNS}`);
      await sleep(5);
    }
  });

  return {
    replies,
    lost,
    async stop() {
      stopped = true;
      await Promise.all(loops);
    },
  };

  async function askAnyone(first: number, run: string): Promise<void> {
    const why: string[] = [];
    for (let turn = 0; turn < replicas.length; turn += 1) {
      const replica = replicas[(first + turn) % replicas.length];
      if (replica === undefined) continue;
      try {
        const reply = await ask({ world } as Stage, replica.server, level, run);
        if (reply.error === undefined || !GOES.has(reply.error)) {
          replies.push(reply);
          return;
        }
        why.push(`${replica.id}: ${reply.error}`);
      } catch (error) {
        why.push(`${replica.id}: ${error instanceof Error ? String(error.cause ?? error) : String(error)}`);
      }
    }
    lost.push(why.join('; '));
  }
}

/** Waits until each replica serves the sequence. @param withinMs what that may take. */
export async function allServe(
  replicas: readonly Replica[],
  sequence: bigint,
  withinMs: number,
): Promise<void> {
  const begun = performance.now();
  await until(async () => {
    const answers = await Promise.all(
      replicas.map((replica) => replica.admin('GET', '/v1/stores/default/deployment')),
    );

    return answers.every(({ body }) => {
      const { serving } = body as { serving?: { sequence: bigint } };

      return (serving?.sequence ?? 0n) >= sequence;
    });
  });
  const took = performance.now() - begun;
  if (took > withinMs) throw new Error(`it took ${took} ms`);
}
