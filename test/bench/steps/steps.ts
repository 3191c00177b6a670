import { join } from 'node:path';
import { rssOf } from '../../soak/memory.ts';
import type { ServerProcess } from '../../support/server.ts';
import type { LoadResult } from '../client/messages.ts';
import { comparisonFigure, type Round } from '../comparison.ts';
import type { Effort, Figure } from '../figure.ts';
import { type Helper, startHelper } from '../helper.ts';
import type { Stage } from '../stage.ts';
import { median } from '../statistics.ts';
import type { PartialAddress, PartialOrder, PartialStep } from './messages.ts';

const PREFIX = 'path/';
const PARTIAL: readonly PartialStep[] = ['wire', 'decide', 'spool'];

/** The whole server, but for telemetry, and all of it. */
const WHOLE = { drain: { OTEL_SDK_DISABLED: 'true' }, whole: {} } as const;

/** Single calls of a server that goes ever further on the decision path, by the name of the figure. */
export const STEPS: readonly string[] = [...PARTIAL, ...Object.keys(WHOLE)].map((step) => PREFIX + step);

/** A server that goes so far. */
interface Runner {
  readonly name: string;
  readonly pid: number;
  /** Asks it under load, and leaves nothing that the next one would pay for. */
  load(): Promise<LoadResult>;
}

/** The same flags as `palisade serve` gives itself. */
const FLAGS = ['--max-semi-space-size=16', '--max-old-space-size=1024'];

/**
 * Measures what each step of the decision path costs single calls: servers that go ever further on it, and the echo server, take
 * turns in the same rounds.
 */
export async function measureSteps(
  names: readonly string[],
  stage: Stage,
  effort: Effort,
  signal: AbortSignal,
): Promise<readonly Figure[]> {
  const helpers: Helper<'ready'>[] = [];
  const servers: ServerProcess[] = [];
  try {
    // Deploys the bundle that the others find.
    await stage.servers(1);
    const runners: Runner[] = [];
    for (const step of PARTIAL) if (names.includes(PREFIX + step)) runners.push(await startPartial(step));
    for (const [step, environment] of Object.entries(WHOLE)) {
      if (names.includes(PREFIX + step)) runners.push(await startWhole(step, environment));
    }

    return await measureInTurns(runners);
  } finally {
    await Promise.all([...helpers.map((helper) => helper.end()), ...servers.map((server) => server.stop())]);
  }

  async function startPartial(step: PartialStep): Promise<Runner> {
    const helper = await startHelper<'ready'>('steps/partial.ts', signal, FLAGS);
    helpers.push(helper);
    const { database, home } = stage.world;
    const { grpc } = await helper.ask<PartialAddress>({
      step,
      databaseUrl: database.servingUrl,
      keyringFile: join(home, 'keyring.json'),
      spoolDir: join(home, `spool-${step}`),
    } satisfies PartialOrder);

    return {
      name: PREFIX + step,
      pid: helper.pid,
      load: () => ask(grpc, { echo: step === 'wire', recorded: false }),
    };
  }

  async function startWhole(step: string, environment: Readonly<Record<string, string>>): Promise<Runner> {
    const server = await stage.serve(environment);
    servers.push(server);

    return {
      name: PREFIX + step,
      pid: server.child.pid ?? Number.NaN,
      async load() {
        const result = await ask(server.addresses.grpc, { echo: false, recorded: true });
        await stage.drained();

        return result;
      },
    };
  }

  function ask(address: string, how: { echo: boolean; recorded: boolean }): Promise<LoadResult> {
    const { warmUpMs, measureMs } = effort;

    return stage.load({ kind: 'grpc/unary', addresses: [address], warmUpMs, measureMs, ...how });
  }

  async function measureInTurns(runners: readonly Runner[]): Promise<readonly Figure[]> {
    const [echo] = await stage.echoes(1);
    if (echo === undefined) throw new Error('there is no echo server');

    const measured = runners.map((runner) => ({ runner, rounds: [] as Round[], sizes: [] as number[] }));
    for (let round = 0; round < effort.rounds; round += 1) {
      const baseline = await ask(echo.grpc, { echo: true, recorded: false });
      for (const { runner, rounds, sizes } of measured) {
        rounds.push({ measured: await runner.load(), baseline });
        sizes.push(await rssOf(runner.pid));
      }
    }

    return measured.map(({ runner, rounds, sizes }) => comparisonFigure(runner.name, rounds, median(sizes)));
  }
}
