import { setTimeout as sleep } from 'node:timers/promises';
import { writeArchive } from '../../services/bundles/archive.ts';
import { createPool } from '../../services/store/pool.ts';
import { withPrivateWorld } from '../support/private-postgres.ts';
import { deployArchive, type ServerProcess, type ServerWorld } from '../support/server.ts';
import type { LoadOrder, LoadResult } from './client/messages.ts';
import type { EchoAddresses } from './echo.ts';
import type { Effort } from './figure.ts';
import { type Helper, startHelper } from './helper.ts';
import type { SinkAddress, SinkCounts } from './sink.ts';
import { benchBundle } from './workload.ts';

/** What is asked of the client; the stage knows the rest. */
export interface Asked extends Pick<LoadOrder, 'kind' | 'addresses' | 'echo' | 'warmUpMs' | 'measureMs'> {
  /** Whether the decisions reach PostgreSQL. @defaultValue those of every server but the echo do. */
  readonly recorded?: boolean;
}

/** Everything that transports are measured on, each part in a process of its own. */
export interface Stage {
  readonly world: ServerWorld;
  /** So many running Palisade servers, the first with the bundle deployed; those beyond are stopped. */
  servers(count: number): Promise<readonly ServerProcess[]>;
  /** One more server on the same database, for whoever stops it. @param environment overrides its configuration. */
  serve(environment: Readonly<Record<string, string>>): Promise<ServerProcess>;
  /** So many running echo servers. */
  echoes(count: number): Promise<readonly EchoAddresses[]>;
  /** @throws Error with the first reply that was not the right one. */
  load(asked: Asked): Promise<LoadResult>;
  /** Decisions that clients have and PostgreSQL has not. */
  backlog(): Promise<number>;
  /** Waits until there are none, so that moving them costs nobody else's measurement. */
  drained(): Promise<void>;
  /** The same, and empties the decision log: counting what is in PostgreSQL takes ever longer. */
  forget(): Promise<void>;
  /** What the stand-in for a collector was sent so far. */
  exported(): Promise<SinkCounts>;
}

const DRAIN_MS = 120_000;
const POLL_MS = 100;

/** Runs `body` on a stage, and ends all of its processes. */
export function withStage<T>(
  effort: Effort,
  signal: AbortSignal,
  body: (stage: Stage) => Promise<T>,
): Promise<T> {
  return withPrivateWorld(async (world) => {
    const helpers: Helper<unknown>[] = [];
    const start = async <Hello>(module: string): Promise<Helper<Hello>> => {
      const helper = await startHelper<Hello>(module, signal);
      helpers.push(helper);

      return helper;
    };
    const pool = createPool({ connection: world.database.ownerUrl, max: 1 });
    try {
      const client = await start<'ready'>('client/main.ts');
      const sink = await start<SinkAddress>('sink.ts');
      const echoes: Helper<EchoAddresses>[] = [];
      const servers: ServerProcess[] = [];
      let decided = 0;

      const stage: Stage = {
        world,

        serve: (environment) =>
          world.serve({
            PALISADE_DURABILITY: 'durable',
            OTEL_EXPORTER_OTLP_ENDPOINT: sink.hello.url,
            ...environment,
          }),

        async servers(count) {
          while (servers.length > count) await servers.pop()?.stop();
          while (servers.length < count) {
            const server = await stage.serve({});
            servers.push(server);
            if (servers.length > 1) continue;
            await deployArchive(world, server.addresses.admin, writeArchive(benchBundle(effort.policies)));
          }

          return servers;
        },

        async echoes(count) {
          while (echoes.length > count) await echoes.pop()?.end();
          while (echoes.length < count) echoes.push(await start<EchoAddresses>('echo.ts'));

          return echoes.map(({ hello }) => hello);
        },

        async load({ recorded, ...asked }) {
          const { policies, requests } = effort;
          const order: LoadOrder = { ...asked, token: world.runtimeToken, policies, requests };
          const result = await client.ask<LoadResult>(order);
          if (result.problem !== undefined) {
            throw new Error(`${asked.kind}, ${asked.echo ? 'echo' : 'palisade'}: ${result.problem}`);
          }

          if (recorded ?? !asked.echo) decided += result.decisions;
          return result;
        },

        async backlog() {
          const { rows } = await pool.query<{ count: string }>(
            "select count(*) from decisions where kind = 'decision'",
          );

          return decided - Number(rows[0]?.count);
        },

        async drained() {
          const deadline = performance.now() + DRAIN_MS;
          while ((await stage.backlog()) > 0) {
            if (performance.now() > deadline) throw new Error('the decision log does not reach PostgreSQL');
            await sleep(POLL_MS, undefined, { signal });
          }
        },

        async forget() {
          await stage.drained();
          await pool.query('truncate decisions, decision_inputs');
          decided = 0;
        },

        exported: () => sink.ask<SinkCounts>({}),
      };

      return await body(stage);
    } finally {
      await Promise.all(helpers.map((helper) => helper.end()));
      await pool.end();
    }
  });
}
