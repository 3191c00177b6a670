import type pg from 'pg';
import { writeArchive } from '../../../services/bundles/archive.ts';
import { agentBundle } from '../../pdp/runs/support.ts';
import { createDecisionClient, type DecisionClient, encodeRequest } from '../../support/decision-client.ts';
import { grpcMessage } from '../../support/question.ts';
import { grpcRuns } from '../../support/run-client.ts';
import { deployArchive } from '../../support/server.ts';
import type { Effort, Figure } from '../figure.ts';
import { median, quantile } from '../statistics.ts';
import { withDurableWorld } from './durable-world.ts';
import { load, timed } from './load.ts';
import { plainTransaction } from './plain.ts';

export const RUN_FIGURES = ['runs/different', 'runs/hot'] as const;

const RUNS = 500;
/** Its calls follow each other, so more would wait for longer than a call may. */
const HOT_CALLERS = 16;

/**
 * Measures decisions that are judged by their run and count in it, over gRPC on one server with a PostgreSQL that commits to the disk: one
 * caller after the other in turns with plain transactions of PostgreSQL, and as many as there can be, in different runs and in one.
 * @throws Error where a decision is no allow, or its runs have other steps than there were decisions.
 */
export async function measureRuns(effort: Effort, signal: AbortSignal): Promise<readonly Figure[]> {
  return withDurableWorld(async (world, database) => {
    const { addresses } = await world.serve({ PALISADE_DURABILITY: 'durable' });
    await deployArchive(world, addresses.admin, writeArchive(agentBundle()));
    const runs = grpcRuns(addresses, `Bearer ${world.runtimeToken}`);
    const questions: Buffer[] = [];
    while (questions.length < RUNS) {
      const run = await runs.start({ principal: { type: 'Bot', id: 'b' } });
      questions.push(questionIn(String(run['run_id'])));
    }
    const client = createDecisionClient(addresses, world.runtimeToken);
    try {
      return await measure({ client, questions, database }, effort, signal);
    } finally {
      client.close();
    }
  });
}

interface Measured {
  readonly client: DecisionClient;
  readonly questions: readonly Buffer[];
  readonly database: pg.Client;
}

async function measure(
  { client, questions, database }: Measured,
  effort: Effort,
  signal: AbortSignal,
): Promise<readonly Figure[]> {
  let decisions = 0;
  const ask = async (run: number): Promise<void> => {
    const { decision, error } = await client.grpc(questions[run] as Buffer);
    if (decision !== 'allow') throw new Error(`a decision in a run was ${String(decision ?? error)}`);
    decisions += 1;
  };
  const plain = await plainTransaction(database);
  await load(ask, effort.warmUpMs, (turn) => turn % RUNS);

  const rounds: { judged: number[]; plain: number[]; different: number; hot: number }[] = [];
  for (let round = 0; round < effort.rounds; round += 1) {
    rounds.push({
      judged: await timed(() => ask(round % RUNS), effort.requests),
      plain: await timed(plain, effort.requests),
      different: await load(ask, effort.measureMs, (turn) => turn % RUNS),
      hot: await load(ask, effort.measureMs, () => 0, HOT_CALLERS),
    });
    signal.throwIfAborted();
  }
  const { rows } = await database.query<{ steps: string }>('select sum(steps) as steps from runs');
  if (Number(rows[0]?.steps) !== decisions)
    throw new Error(`${decisions} were allowed, and ${rows[0]?.steps} counted`);

  const judged = rounds.flatMap((round) => round.judged);
  const ratios = rounds.map((round) => quantile(round.judged, 0.5) / quantile(round.plain, 0.5));
  const plainly = quantile(
    rounds.flatMap((round) => round.plain),
    0.5,
  );

  return [
    {
      name: RUN_FIGURES[0],
      unit: 'us',
      p50: quantile(judged, 0.5),
      p99: quantile(judged, 0.99),
      per_second: median(rounds.map(({ different }) => different)),
      baseline_per_second: 1_000_000 / plainly,
      ratio: median(ratios),
    },
    { name: RUN_FIGURES[1], per_second: median(rounds.map(({ hot }) => hot)) },
  ];
}

function questionIn(run: string): Buffer {
  return encodeRequest(
    grpcMessage({
      principal: 'Bot::"b"',
      action: 'Action::"post"',
      resource: 'Site::"s"',
      members: { run: { run_id: run } },
    }),
  );
}
