import { DIGEST_PATTERN } from '../../../bundles/digest.ts';
import { type BundleSource, readBundleSource } from '../../bundle-source.ts';
import { createAdminClient } from '../../client.ts';
import { downloadBundle } from '../../download-bundle.ts';
import { CliError, EXIT } from '../../errors.ts';
import type { StatusAnswer } from '../deploy/answer.ts';

/** By which bundle to decide: one that is named, or the one that a store of a running Palisade runs. */
export interface BundleChoice {
  readonly bundle?: string;
  readonly store?: string;
}

/** The bundle, and what else has a say where it runs. */
export interface ChosenBundle extends BundleSource {
  /** Of one that was fetched by its digest: what it has to be. */
  readonly digest?: string;
  readonly notes: readonly string[];
}

/**
 * Reads a folder or an archive, or fetches what a running Palisade has.
 * @throws CliError where there is none, both or neither is named, or administration does not answer; PdpError as `readBundleSource` says.
 */
export async function readChosenBundle({ bundle, store }: BundleChoice): Promise<ChosenBundle> {
  if ((bundle === undefined) === (store === undefined)) {
    throw new CliError(
      'give either --bundle, what to decide by, or --store, whose bundle to decide by',
      EXIT.usage,
    );
  }
  if (store !== undefined) return bundleOfStore(store);
  if (bundle !== undefined && DIGEST_PATTERN.test(bundle)) return fetched(bundle, []);

  return { ...(await readBundleSource(bundle ?? '')), notes: [] };
}

async function bundleOfStore(store: string): Promise<ChosenBundle> {
  const path = `/v1/stores/${encodeURIComponent(store)}/deployment`;
  const { active } = (await createAdminClient().request('GET', path)) as StatusAnswer;
  if (active === undefined) {
    throw new CliError(`${store} runs no bundle yet: palisade deploy activate ${store} <digest>`, EXIT.usage);
  }

  const { bundle, canary, monitor } = active;

  return fetched(bundle.digest, [
    ...(canary === undefined
      ? []
      : [
          `this is the active bundle; in ${store} a canary decides for ${canary.percent} % by ${canary.by}: --bundle ${canary.digest}`,
        ]),
    ...(monitor === undefined ? [] : [`${store} monitors policies: it may allow what they deny`]),
  ]);
}

async function fetched(digest: string, notes: readonly string[]): Promise<ChosenBundle> {
  return { bundle: await downloadBundle(digest), problems: [], digest, notes };
}
