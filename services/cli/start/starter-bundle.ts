import { fileURLToPath } from 'node:url';
import { writeArchive } from '../../bundles/archive.ts';
import { renderProblem } from '../../bundles/problem.ts';
import { insertBundle } from '../../store/bundles.ts';
import { activate } from '../../store/change-deployment.ts';
import type { Pool } from '../../store/database.ts';
import { currentDeployments } from '../../store/deployments.ts';
import { checkFolder } from '../bundle-folder.ts';
import { CliError } from '../errors.ts';

export const STARTER_BUNDLE = 'policies/coding-agent';

const STORE = 'default';
const AUTHOR = 'palisade start';

/** Checks, stores and deploys the starter bundle where the default store runs nothing yet; what is deployed stays. */
export async function deployStarterBundle(pool: Pool): Promise<void> {
  const deployed = await currentDeployments(pool);
  if (deployed.some(({ store }) => store === STORE)) return;

  const { files, report } = await checkFolder(
    fileURLToPath(new URL(`../../../${STARTER_BUNDLE}`, import.meta.url)),
  );
  const { manifest, digest, cedar } = report;
  if (!report.ok || manifest === undefined) {
    throw new CliError(`the starter bundle has problems:\n${report.problems.map(renderProblem).join('\n')}`);
  }

  await insertBundle(pool, {
    digest,
    name: manifest.name,
    version: manifest.version,
    description: manifest.description,
    manifest,
    cedarVersion: cedar.sdk,
    archive: writeArchive(files),
    createdBy: AUTHOR,
  });
  await activate(pool, { store: STORE, digest, expectedSequence: 0n, author: AUTHOR, reason: 'first start' });
}
