import type { ServerProcess } from '../support/server.ts';
import { comparisonFigure, type Round } from './comparison.ts';
import type { Effort, Figure } from './figure.ts';
import { rssOfAll } from './rss.ts';
import type { Stage } from './stage.ts';
import { median } from './statistics.ts';

const QUIET = { OTEL_SDK_DISABLED: 'true' };
const TURNS = 2;

/**
 * Measures what telemetry costs: servers that export everything, in turns with servers that export nothing. Two processes of
 * the same server differ by a tenth for as long as they live, so each round has a pair of its own.
 */
export async function measureTelemetry(stage: Stage, effort: Effort): Promise<Figure> {
  // Deploys the bundle, and is not asked.
  await stage.servers(1);
  const rounds: Round[] = [];
  const sizes: number[] = [];
  for (let round = 0; round < effort.rounds; round += 1) {
    // The first of two finds the machine otherwise than the second, so they change places.
    const toldFirst = round % 2 === 0;
    const first = await stage.serve(toldFirst ? {} : QUIET);
    const second = await stage.serve(toldFirst ? QUIET : {});
    for (const [one, other] of await turns(stage, effort, first, second)) {
      rounds.push(toldFirst ? { measured: one, baseline: other } : { measured: other, baseline: one });
    }
    sizes.push(await rssOfAll([toldFirst ? first : second]));
    await Promise.all([first.stop(), second.stop()]);
  }

  return comparisonFigure('telemetry', rounds, median(sizes));
}

async function turns(stage: Stage, { warmUpMs, measureMs }: Effort, ...pair: [ServerProcess, ServerProcess]) {
  const ask = async (server: ServerProcess) => {
    const addresses = [server.addresses.grpc];
    const result = await stage.load({ kind: 'grpc/unary', echo: false, addresses, warmUpMs, measureMs });
    await stage.drained();

    return result;
  };
  // Compiled code is what is compared.
  for (const server of pair) await ask(server);

  const results: [Round['measured'], Round['measured']][] = [];
  for (let turn = 0; turn < TURNS; turn += 1) results.push([await ask(pair[0]), await ask(pair[1])]);

  return results;
}
