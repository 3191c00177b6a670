import { comparisonFigure, type Round } from './comparison.ts';
import type { Effort, Figure } from './figure.ts';
import { rssOfAll } from './rss.ts';
import type { Stage } from './stage.ts';

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
    rounds.push({ measured: told ?? (await ask(telling)), baseline: untold });
    await stage.drained();
  }
  const rss = await rssOfAll([telling]);
  await quiet.stop();

  return comparisonFigure('telemetry', rounds, rss);
}
