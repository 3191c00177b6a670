/** Started with a wrong compiled evaluator, which a test of this bundle shows: prints what becomes of it where it is loaded. */
import { writeArchive } from '../../../services/bundles/archive.ts';
import { bundleDigest } from '../../../services/bundles/digest.ts';
import { noteAgreed } from '../../../services/bundles/worker/agreed.ts';
import { loadInWorker } from '../../../services/bundles/worker/load.ts';
import { PdpError } from '../../../services/engine/error.ts';
import type { EvaluatorName } from '../../../services/engine/evaluator.ts';
import { WRONG_FROM } from '../../e2e/support/wrong-evaluator.ts';
import { filesOf } from '../files-of.ts';

const id = 'd'.repeat(WRONG_FROM);
const files = filesOf({
  'entities.json': JSON.stringify([{ uid: { type: 'Receipt', id }, attrs: { public: false }, parents: [] }]),
  'tests/view.yaml': `- description: nobody views a secret one
  request:
    principal: User::"a"
    action: Action::"view"
    resource: Receipt::"${id}"
    context: { input: { path: x } }
  entities:
    - { uid: { type: User, id: a }, attrs: { level: 1 }, parents: [] }
  facts: { now: "2026-11-22T10:00:00Z" }
  want: { decision: deny, reason_code: forbidden, determining: [no-secrets], errors: [] }
`,
});
const digest = bundleDigest(files);

async function show(what: string, evaluator: EvaluatorName): Promise<void> {
  const came = await loadInWorker(writeArchive(files), digest, evaluator).then(
    () => 'loaded',
    (error: unknown) => (error instanceof PdpError ? error.code : String(error)),
  );
  console.log(`for ${what}: ${came}`);
}

await show('Cedar', 'cedar');
await show('the compiled evaluator', 'compiled');
await show('the compiled evaluator', 'compiled');
noteAgreed(digest);
await show('the compiled evaluator, having agreed', 'compiled');
