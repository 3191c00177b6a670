import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerAddresses } from '../support/server.ts';
import {
  type Answer,
  type Asker,
  askOverGrpc,
  askOverRest,
  askOverStream,
  type Question,
  type Refusal,
} from './ask.ts';

/** Clients that ask one question after the other, over all transports at once, until they are told to stop. */
export interface Load {
  /** Every decision that a client received. */
  readonly answers: readonly LoadAnswer[];
  readonly refusals: readonly LoadRefusal[];
  /** Resolves with the first answer. */
  readonly answered: Promise<void>;
  /** Ends after what is in flight is settled. */
  stop(): Promise<void>;
}

export interface LoadAnswer extends Answer, From {}
export interface LoadRefusal extends Refusal, From {}

/** Which client it was; each waits for its answer before it asks again. */
interface From {
  readonly client: string;
}

export interface LoadOptions {
  readonly token: string;
  readonly questions: readonly Question[];
  /** Clients of each transport; those of the stream share one. */
  readonly clients?: number;
  /** Milliseconds between an answer and the next question. */
  readonly pauseMs?: number;
}

/** What a client waits after a refusal, so that a server that is gone does not make it spin. */
const REFUSED_PAUSE_MS = 10;

export function startLoad(
  addresses: ServerAddresses,
  { token, questions, clients = 6, pauseMs = 0 }: LoadOptions,
): Load {
  const answers: LoadAnswer[] = [];
  const answered = Promise.withResolvers<void>();
  const refusals: LoadRefusal[] = [];
  const askers: Readonly<Record<string, Asker>> = {
    grpc: askOverGrpc(addresses, token),
    stream: askOverStream(addresses, token),
    rest: askOverRest(addresses, token),
  };
  let stopped = false;
  const loops = Object.entries(askers).flatMap(([transport, asker]) =>
    Array.from({ length: clients }, (_, index) => loop(`${transport} ${index}`, asker, index)),
  );

  return {
    answers,
    refusals,
    answered: answered.promise,
    async stop() {
      stopped = true;
      await Promise.all(loops);
      for (const asker of Object.values(askers)) asker.close();
    },
  };

  async function loop(client: string, asker: Asker, first: number): Promise<void> {
    for (let turn = first; !stopped; turn += 1) {
      const question = questions[turn % questions.length];
      if (question === undefined) return;

      const outcome = await asker.ask(question);
      if ('answer' in outcome) {
        answers.push({ ...outcome.answer, client });
        answered.resolve();
      } else refusals.push({ ...outcome.refusal, client });
      const wait = 'answer' in outcome ? pauseMs : Math.max(pauseMs, REFUSED_PAUSE_MS);
      if (wait > 0) await sleep(wait);
    }
  }
}
