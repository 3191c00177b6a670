import type { Worker } from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Colleagues } from '../../pdp/server.ts';
import type { Answer, Question, State } from './messages.ts';

/** The processes for decisions, asked by the one that looks after them. */
export interface Crew extends Colleagues {
  /** Takes a process for one of the crew, in place of who had this number before. */
  join(number: number, worker: Worker): void;
  leave(number: number): void;
}

interface Member {
  readonly worker: Worker;
  readonly asked: Map<number, (answer: Answer) => void>;
  state: State | undefined;
  /** On the clock of `performance.now()`. */
  answeredAt: number;
}

const ASK_EVERY_MS = 250;
/** One that has not answered for so long is not counted on. */
const SILENT_MS = 2_000;
const METRICS_MS = 1_000;

/** @param size how many processes there should be. @param stop ends the asking. */
export function createCrew(size: number, stop: AbortSignal): Crew {
  const members = new Map<number, Member>();
  let questions = 0;
  const timer = setInterval(lookAtAll, ASK_EVERY_MS).unref();
  stop.addEventListener('abort', () => clearInterval(timer));

  return {
    join(number, worker) {
      const member: Member = { worker, asked: new Map(), state: undefined, answeredAt: performance.now() };
      members.set(number, member);
      worker.on('message', (answer: Answer) => {
        if (answer.kind !== 'answer') return;
        member.asked.get(answer.id)?.(answer);
        member.asked.delete(answer.id);
      });
    },

    leave: (number) => void members.delete(number),

    unready() {
      const numbers = Array.from({ length: size }, (_, number) => number);
      const reasons = numbers.flatMap((number) => reasonsOf(number, members.get(number)));

      return reasons.length > 0 || agree([...members.values()])
        ? reasons
        : ['the processes do not serve the same bundles yet'];
    },

    async collect() {
      const answers = await Promise.all([...members.values()].map((member) => ask(member, 'metrics')));

      return answers.flatMap((answer) => (answer?.metrics === undefined ? [] : [answer.metrics]));
    },
  };

  function lookAtAll(): void {
    for (const member of members.values()) {
      void ask(member, 'state').then((answer) => {
        if (answer?.state === undefined) return;
        member.state = answer.state;
        member.answeredAt = performance.now();
      });
    }
  }

  /** Nothing where no answer comes in time. */
  async function ask(member: Member, what: Question['what']): Promise<Answer | undefined> {
    questions += 1;
    const id = questions;
    const given = new AbortController();
    const answered = new Promise<Answer>((resolve) => member.asked.set(id, resolve));
    try {
      if (member.worker.isConnected()) member.worker.send({ id, what } satisfies Question);
      const late = sleep(METRICS_MS, undefined, { signal: given.signal, ref: false }).catch(() => undefined);

      return await Promise.race([answered, late]);
    } finally {
      given.abort();
      member.asked.delete(id);
    }
  }
}

function reasonsOf(number: number, member: Member | undefined): readonly string[] {
  if (member?.state === undefined) return [`process ${number} does not serve`];
  if (performance.now() - member.answeredAt > SILENT_MS) return [`process ${number} does not answer`];

  return member.state.unready.map((reason) => `process ${number}: ${reason}`);
}

function agree(members: readonly Member[]): boolean {
  const texts = members.map(({ state }) => JSON.stringify([...(state?.served ?? [])].toSorted()));

  return new Set(texts).size <= 1;
}
