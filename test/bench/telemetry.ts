import type { LoadResult } from './client/messages.ts';
import type { Effort, Figure } from './figure.ts';
import { rssOfAll } from './rss.ts';
import type { Stage } from './stage.ts';
import { median } from './statistics.ts';

interface Round {
  readonly told: LoadResult;
  readonly untold: LoadResult;
}

/** Measures what telemetry costs: the server that exports everything, in turns with one that exports nothing. */
export async function measureTelemetry(stage: Stage, effort: Effort): Promise<Figure> {
  const { warmUpMs, measureMs } = effort;
  const [telling] = await stage.servers(1);
  const quiet = await stage.serve({ OTEL_SDK_DISABLED: 'true' });
  const ask = (server: typeof quiet) =>
    stage.load({ kind: 'grpc/unary', echo: false, addresses: [server.addresses.grpc], warmUpMs, measureMs });
  if (telling === undefined) throw new Error('there is no server');

  const rounds: Round[] = [];
  for (let round = 0; round < effort.rounds; round += 1) {
    // The first of two finds the machine otherwise than the second, so they change places.
    const told = round % 2 === 0 ? await ask(telling) : undefined;
    const untold = await ask(quiet);
    rounds.push({ told: told ?? (await ask(telling)), untold });
    await stage.drained();
  }
  const rss = await rssOfAll([telling]);
  await quiet.stop();

  return {
    name: 'telemetry',
    unit: 'ms',
    p50: median(rounds.map(({ told }) => told.p50)),
    p99: median(rounds.map(({ told }) => told.p99)),
    per_second: median(rounds.map(({ told }) => told.perSecond)),
    baseline_per_second: median(rounds.map(({ untold }) => untold.perSecond)),
    ratio: median(rounds.map(({ told, untold }) => told.perSecond / untold.perSecond)),
    rss_mb: rss,
  };
}
