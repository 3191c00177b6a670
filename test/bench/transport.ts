import type { LoadKind } from './client/messages.ts';
import { comparisonFigure, type Round } from './comparison.ts';
import type { Effort, Figure } from './figure.ts';
import { rssOfAll } from './rss.ts';
import type { Stage } from './stage.ts';
import { median } from './statistics.ts';

/** How a figure of a transport is measured. */
interface Transport {
  readonly kind: LoadKind;
  /** Which of its ports is asked. */
  readonly port: 'grpc' | 'rest';
  /** Processes of each server; connections are spread over them. */
  readonly processes: number;
}

export const TRANSPORTS: Readonly<Record<string, Transport>> = {
  'grpc/unary': { kind: 'grpc/unary', port: 'grpc', processes: 1 },
  'grpc/stream': { kind: 'grpc/stream', port: 'grpc', processes: 1 },
  'grpc/batch100': { kind: 'grpc/batch100', port: 'grpc', processes: 1 },
  'rest/unary': { kind: 'rest/unary', port: 'rest', processes: 1 },
  'grpc/unary-2proc': { kind: 'grpc/unary', port: 'grpc', processes: 2 },
};

/** Measures Palisade and the echo server in turns, in closed loops, each reply being checked. */
export async function measureTransport(name: string, stage: Stage, effort: Effort): Promise<Figure> {
  const transport = TRANSPORTS[name];
  if (transport === undefined) throw new Error(`${name} is no transport`);

  const { kind, port, processes } = transport;
  const { warmUpMs, measureMs } = effort;
  const echoes = await stage.echoes(processes);
  const servers = await stage.servers(processes);
  const rounds: Round[] = [];
  const sizes: number[] = [];
  for (let round = 0; round < effort.rounds; round += 1) {
    const asked = { kind, warmUpMs, measureMs };
    const baseline = await stage.load({
      ...asked,
      echo: true,
      addresses: echoes.map((server) => server[port]),
    });
    const measured = await stage.load({
      ...asked,
      echo: false,
      addresses: servers.map(({ addresses }) => addresses[port]),
    });
    rounds.push({ measured, baseline });
    sizes.push(await rssOfAll(servers));
    await stage.drained();
  }

  return comparisonFigure(name, rounds, median(sizes));
}
