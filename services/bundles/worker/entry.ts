import { once } from 'node:events';
import { type MessagePort, parentPort } from 'node:worker_threads';
import { readArchive } from '../archive.ts';
import { createCedar } from '../cedar.ts';
import { type CheckProgress, checkBundle } from '../check.ts';
import { diffBundles } from '../diff/diff.ts';
import type { BundleFiles } from '../files.ts';
import { formatBundle } from '../format.ts';
import { loadBundle } from '../load.ts';
import { openBundle } from '../open.ts';
import { testBundle } from '../test-bundle.ts';
import type { Job, Message } from './messages.ts';
import { wireErrorOf } from './wire-error.ts';

/** Policies in one message: the receiving thread copies them at once, some 10 ms at most. */
const BATCH = 500;

if (parentPort !== null) await workFor(parentPort);

/** One job after the other; the other side sends the next one only after the answer to this. */
async function workFor(port: MessagePort): Promise<never> {
  for (;;) {
    const [job] = (await once(port, 'message')) as [Job];
    await work(job, port);
  }
}

async function work(job: Job, port: MessagePort): Promise<void> {
  const send = (message: Message): void => port.postMessage(message);

  try {
    if (job.kind === 'load') await load(job, port, send);
    else send(await answer(job, (progress) => send({ kind: 'progress', progress })));
  } catch (thrown) {
    send({ kind: 'refused', error: wireErrorOf(thrown) });
  }
}

async function answer(
  job: Exclude<Job, { kind: 'load' }>,
  onProgress: (progress: CheckProgress) => void,
): Promise<Message> {
  switch (job.kind) {
    case 'check':
      return { kind: 'checked', report: await checkBundle(job.files, { onProgress }) };
    case 'check_archive':
      return { kind: 'checked', report: await checkBundle(readArchive(job.archive), { onProgress }) };
    case 'open':
      return { kind: 'opened', bundle: openBundle(filesOf(job.bundle)) };
    case 'test':
      return { kind: 'tested', report: await testBundle(filesOf(job.bundle), job.options) };
    case 'diff':
      return { kind: 'compared', diff: await diffBundles(filesOf(job.a), filesOf(job.b)) };
    case 'format':
      return { kind: 'formatted', report: formatBundle(job.files, createCedar()) };
  }
}

function filesOf(bundle: Uint8Array | BundleFiles): BundleFiles {
  return bundle instanceof Uint8Array ? readArchive(bundle) : bundle;
}

/** The other side asks for each batch, so that its requests have their turn in between. */
async function load(
  job: Extract<Job, { kind: 'load' }>,
  port: MessagePort,
  send: (message: Message) => void,
): Promise<void> {
  const { policies, ...parts } = await loadBundle(job.archive, job.digest, job.evaluator, job);

  for (let start = 0; start < policies.length; start += BATCH) {
    send({ kind: 'policies', policies: policies.slice(start, start + BATCH) });
    await once(port, 'message');
  }
  send({ kind: 'loaded', parts });
}
