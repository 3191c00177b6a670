import type { EvaluatorName } from '../../engine/evaluator.ts';
import type { Policy } from '../../engine/policy.ts';
import type { BundleParts } from '../compile.ts';
import { hasAgreed, noteAgreed } from './agreed.ts';
import { runJob, type WorkerOptions } from './run.ts';

/**
 * Loads a stored bundle off this thread; {@link ../load.ts} says what that verifies.
 * @throws PdpError where the archive is not the bundle, cannot be read, or takes its worker down.
 */
export async function loadInWorker(
  archive: Uint8Array,
  digest: string,
  evaluator: EvaluatorName = 'compiled',
  options: WorkerOptions = {},
): Promise<BundleParts> {
  const policies: Policy[] = [];

  const parts = await runJob(
    { kind: 'load', archive, digest, evaluator, agreed: hasAgreed(digest) },
    (message) => {
      if (message.kind === 'policies') policies.push(...message.policies);

      return message.kind === 'loaded' ? { ...message.parts, policies } : undefined;
    },
    options,
  );
  if (evaluator === 'compiled') noteAgreed(digest);

  return parts;
}
