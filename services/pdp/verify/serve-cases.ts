import { once } from 'node:events';
import { type MessagePort, parentPort } from 'node:worker_threads';
import type { CompiledBundle } from '../../bundles/compile.ts';
import type { EvaluatorName } from '../../engine/evaluator.ts';
import { demanding, type StoredBy, type ToldEntities } from '../entities/demanded.ts';
import { createJudgedBundles } from './bundles.ts';
import { problemText } from './judge.ts';
import type { Failed, FromThread, ToThread } from './messages.ts';

/** Gives a bundle, fetched and compiled where it is not held. */
export type GetBundle = (digest: string, evaluator: EvaluatorName) => Promise<CompiledBundle>;

/** Runs a body with what the store held at the decision, as often as that takes. */
export type WithStored = <Result>(body: (storedBy: StoredBy) => Result) => Promise<Result>;

/** In a thread: judges one case after the other; whoever sends them waits for each, and answers what is asked in between. */
export async function serveCases<Case, Judged>(
  maxBundles: number,
  judge: (one: Case, bundle: GetBundle, stored: WithStored) => Promise<Judged>,
): Promise<void> {
  if (parentPort === null) return;
  const port = parentPort;
  const bundles = createJudgedBundles(maxBundles);
  const bundle: GetBundle = (digest, evaluator) =>
    bundles.get(digest, evaluator, () => fetchArchive(port, digest));

  for (;;) {
    const message = await next<Case>(port);
    if (message.kind === 'case') say<Judged>(port, { kind: 'judged', judgement: await settle(message.case) });
  }

  async function settle(one: Case): Promise<Judged | Failed> {
    try {
      return await judge(one, bundle, (body) => demanding((keys) => fetchEntities(port, keys), body));
    } catch (error) {
      return { kind: 'failed', problem: problemText(error) };
    }
  }
}

async function fetchArchive(port: MessagePort, digest: string): Promise<Uint8Array> {
  say(port, { kind: 'wanted', digest });
  const message = await next(port);
  if (message.kind === 'archive' && message.archive !== undefined) return message.archive;

  throw new Error('the bundle is not to be had now');
}

async function fetchEntities(port: MessagePort, keys: readonly string[]): Promise<ToldEntities> {
  say(port, { kind: 'missed', keys });
  const message = await next(port);
  if (message.kind === 'entities') return message.entities;

  throw new Error('what the store held is not to be had now');
}

async function next<Case>(port: MessagePort): Promise<ToThread<Case>> {
  const [message] = await once(port, 'message');

  return message as ToThread<Case>;
}

function say<Judged>(port: MessagePort, message: FromThread<Judged>): void {
  port.postMessage(message);
}
