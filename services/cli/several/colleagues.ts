import type { Worker } from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Colleagues } from '../../pdp/server.ts';
import type { MetricSnapshot } from '../../telemetry/metrics.ts';
import type { Answer, Question, Serving, State } from './messages.ts';

/** The processes for decisions, asked by the one that looks after them. */
export interface Crew extends Colleagues {
  /** Takes a process for one of the crew, in place of who had this number before. */
  join(number: number, worker: Worker): void;
  leave(number: number): void;
}

interface Member {
  readonly worker: Worker;
  /** Who waits for its metrics, by the number of the question. */
  readonly waiting: Map<number, (metrics: readonly MetricSnapshot[]) => void>;
  state: State | undefined;
  /** When it last told its state, on the clock of `performance.now()`. */
  answeredAt: number;
  /** Whether it can be asked for its state: it listens, and has answered the last time. One that hangs is not asked again. */
  canBeAsked: boolean;
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
      const member: Member = {
        worker,
        waiting: new Map(),
        state: undefined,
        answeredAt: performance.now(),
        canBeAsked: false,
      };
      members.set(number, member);
      worker.on('message', (message: Serving | Answer) => {
        if (message.kind === 'serving') member.canBeAsked = true;
        else take(member, message);
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

    warnings: () =>
      [...members].flatMap(([number, { state }]) =>
        (state?.warnings ?? []).map((warning) => `process ${number}: ${warning}`),
      ),

    async collect() {
      const answering = [...members.values()].filter(
        (member) => member.state !== undefined && !isSilent(member),
      );
      const answers = await Promise.all(answering.map(metricsOf));

      return answers.filter((answer) => answer !== undefined);
    },
  };

  function lookAtAll(): void {
    for (const member of members.values()) {
      if (!member.canBeAsked) continue;
      member.canBeAsked = false;
      ask(member, 'state');
    }
  }

  /** Nothing where no answer comes in time. */
  async function metricsOf(member: Member): Promise<readonly MetricSnapshot[] | undefined> {
    const given = new AbortController();
    const id = ask(member, 'metrics');
    try {
      const answered = new Promise<readonly MetricSnapshot[]>((resolve) => member.waiting.set(id, resolve));
      const late = sleep(METRICS_MS, undefined, { signal: given.signal, ref: false }).catch(() => undefined);

      return await Promise.race([answered, late]);
    } finally {
      given.abort();
      member.waiting.delete(id);
    }
  }

  function ask({ worker }: Member, what: Question['what']): number {
    questions += 1;
    // What cannot be sent is not answered, and that is noticed.
    worker.send({ id: questions, what } satisfies Question, () => undefined);

    return questions;
  }
}

function take(member: Member, { id, state, metrics }: Answer): void {
  if (metrics !== undefined) member.waiting.get(id)?.(metrics);
  if (state === undefined) return;
  member.state = state;
  member.answeredAt = performance.now();
  member.canBeAsked = true;
}

function isSilent({ answeredAt }: Member): boolean {
  return performance.now() - answeredAt > SILENT_MS;
}

function reasonsOf(number: number, member: Member | undefined): readonly string[] {
  if (member?.state === undefined) return [`process ${number} does not serve`];
  if (isSilent(member)) return [`process ${number} does not answer`];

  return member.state.unready.map((reason) => `process ${number}: ${reason}`);
}

function agree(members: readonly Member[]): boolean {
  const texts = members.map(({ state }) => JSON.stringify([...(state?.served ?? [])].toSorted()));

  return new Set(texts).size <= 1;
}
