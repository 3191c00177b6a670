import { once } from 'node:events';
import { type MessagePort, parentPort } from 'node:worker_threads';
import { createJudgedBundles } from './bundles.ts';
import { judgeAgain, problemText } from './judge.ts';
import type { FromThread, Judgement, ToThread, VerificationCase } from './messages.ts';

if (parentPort !== null) await work(parentPort);

/** One case after the other; whoever sends them waits for each judgement, and answers what is asked in between. */
async function work(port: MessagePort): Promise<never> {
  const bundles = createJudgedBundles();

  for (;;) {
    const message = await next(port);
    if (message.kind === 'case') say(port, { kind: 'judged', judgement: await judge(message.case) });
  }

  async function judge(one: VerificationCase): Promise<Judgement> {
    try {
      return judgeAgain(await bundles.get(one.digest, () => fetch(one.digest)), one);
    } catch (error) {
      return { kind: 'failed', problem: problemText(error) };
    }
  }

  async function fetch(digest: string): Promise<Uint8Array> {
    say(port, { kind: 'wanted', digest });
    const message = await next(port);
    if (message.kind === 'archive' && message.archive !== undefined) return message.archive;

    throw new Error('the bundle is not to be had now');
  }
}

async function next(port: MessagePort): Promise<ToThread> {
  const [message] = await once(port, 'message');

  return message as ToThread;
}

function say(port: MessagePort, message: FromThread): void {
  port.postMessage(message);
}
