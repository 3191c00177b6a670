import type pg from 'pg';
import { writeArchive } from '../../../services/bundles/archive.ts';
import { sendBundle, sent } from '../../pdp/limits/support.ts';
import { createDecisionClient, type DecisionClient, encodeRequest } from '../../support/decision-client.ts';
import { grpcMessage } from '../../support/question.ts';
import { deployArchive } from '../../support/server.ts';
import type { Effort, Figure } from '../figure.ts';
import { median, quantile } from '../statistics.ts';
import { withDurableWorld } from './durable-world.ts';
import { load, timed } from './load.ts';
import { plainTransaction } from './plain.ts';

export const LIMIT_FIGURES = ['limits/different', 'limits/hot'] as const;

const KEYS = 1_000;
/** None of them is to be reached. */
const MAX = 1_000_000_000;

/**
 * Measures limited decisions over gRPC on one server with a PostgreSQL that commits to the disk: one caller after the other in turns with
 * plain transactions of PostgreSQL, and as many as there can be, over different keys and over one.
 * @throws Error where a decision is no allow, or PostgreSQL has counted other than there were decisions.
 */
export async function measureLimits(effort: Effort, signal: AbortSignal): Promise<readonly Figure[]> {
  return withDurableWorld(async (world, database) => {
    const server = await world.serve({ PALISADE_DURABILITY: 'durable' });
    await deployArchive(world, server.addresses.admin, writeArchive(sendBundle(sent(MAX))));
    const client = createDecisionClient(server.addresses, world.runtimeToken);
    try {
      const figures = await measure(client, database, effort, signal);
      const counted = await countedIn(database);
      if (counted !== figures.decisions) {
        throw new Error(`${figures.decisions} were allowed and ${counted} counted`);
      }

      return figures.figures;
    } finally {
      client.close();
    }
  });
}

async function measure(client: DecisionClient, database: pg.Client, effort: Effort, signal: AbortSignal) {
  let decisions = 0;
  const ask = async (key: number): Promise<void> => {
    const { decision, error } = await client.grpc(questionOf(key));
    if (decision !== 'allow') throw new Error(`a limited decision was ${String(decision ?? error)}`);
    decisions += 1;
  };
  const plain = await plainTransaction(database);
  await load(ask, effort.warmUpMs, (turn) => turn % KEYS);

  const rounds: { limited: number[]; plain: number[]; different: number; hot: number }[] = [];
  for (let round = 0; round < effort.rounds; round += 1) {
    rounds.push({
      limited: await timed(() => ask(round % KEYS), effort.requests),
      plain: await timed(plain, effort.requests),
      different: await load(ask, effort.measureMs, (turn) => turn % KEYS),
      hot: await load(ask, effort.measureMs, () => 0),
    });
    signal.throwIfAborted();
  }

  const limited = rounds.flatMap((round) => round.limited);
  const ratios = rounds.map((round) => quantile(round.limited, 0.5) / quantile(round.plain, 0.5));
  const figures: Figure[] = [
    {
      name: LIMIT_FIGURES[0],
      unit: 'us',
      p50: quantile(limited, 0.5),
      p99: quantile(limited, 0.99),
      per_second: median(rounds.map(({ different }) => different)),
      baseline_per_second:
        1_000_000 /
        quantile(
          rounds.flatMap((round) => round.plain),
          0.5,
        ),
      ratio: median(ratios),
    },
    { name: LIMIT_FIGURES[1], per_second: median(rounds.map(({ hot }) => hot)) },
  ];

  return { figures, decisions };
}

const messages: Buffer[] = [];

function questionOf(key: number): Buffer {
  messages[key] ??= encodeRequest(
    grpcMessage({
      principal: `Sender::"s${key}"`,
      action: 'Action::"send"',
      resource: 'Box::"b"',
      context: '{"n":1}',
    }),
  );

  return messages[key];
}

async function countedIn(database: pg.Client): Promise<number> {
  const { rows } = await database.query<{ used: string }>('select sum(used) as used from limit_counters');

  return Number(rows[0]?.used);
}
