import cluster from 'node:cluster';
import type { RunningServer } from '../../pdp/server.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { Answer, Question, Serving } from './messages.ts';

/** Whether this process is one of several that make decisions for a server. */
export function isWorker(): boolean {
  return cluster.isWorker;
}

/** Tells the process that started this one where it serves, and answers its questions from then on. */
export function answerPrimary(server: RunningServer, telemetry: Pick<Telemetry, 'collect'>): void {
  // Whoever asks goes on without an answer.
  process.on('message', (question: Question) => void answer(question).then(tell, () => undefined));
  const { rest, grpc } = server.addresses;
  tell({ kind: 'serving', rest, grpc });

  async function answer({ id, what }: Question): Promise<Answer> {
    if (what === 'metrics') return { kind: 'answer', id, metrics: await telemetry.collect() };

    return {
      kind: 'answer',
      id,
      state: { unready: server.unready(), warnings: server.warnings(), served: server.served() },
    };
  }
}

/** Lets go of the process that started this one, so that this one can end. */
export function letGoOfPrimary(): void {
  process.channel?.unref();
}

/** Nobody is told where the process that asked is gone; this one ends then. */
function tell(message: Serving | Answer): void {
  process.send?.(message, undefined, undefined, () => undefined);
}
