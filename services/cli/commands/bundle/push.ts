import { Command } from 'commander';
import { DIGEST_PATTERN } from '../../../bundles/digest.ts';
import { type BundleSignature, parseSignature } from '../../../bundles/signature/jws.ts';
import { archiveAt } from '../../bundle-archive.ts';
import { type Client, createAdminClient } from '../../client.ts';
import { CliError, EXIT } from '../../errors.ts';
import { readSignatureFile } from '../../key-files.ts';
import { print } from '../../output.ts';
import type { BundleAnswer } from './answer.ts';

interface SignatureAnswer {
  readonly store: string;
  readonly key: string;
  readonly expires_at: string;
  readonly created: boolean;
}

interface PushOptions {
  readonly signature: readonly string[];
  readonly store?: readonly string[];
  readonly json?: boolean;
}

export function pushCommand(): Command {
  return new Command('push')
    .argument(
      '<dir, file or digest>',
      'a folder with bundle.yaml, or an archive that `build` wrote; sha256:… with signatures alone',
    )
    .option('--signature <file...>', 'put these signatures beside it; see `palisade bundle sign`', [])
    .option('--store <store...>', 'the stores that see it and can run it (default: those of the credential)')
    .option('--json', 'print JSON')
    .description(
      'Stores a bundle in a running Palisade, which checks it again. It decides nothing until it is deployed.',
    )
    .action(async (source: string, options: PushOptions) => {
      const signatures = await Promise.all(options.signature.map(readSignature));
      const client = createAdminClient();
      const bundle = await pushBundle(client, source, signatures.length, options.store);
      const pushed: SignatureAnswer[] = [];
      for (const { text } of signatures) {
        const path = `/v1/bundles/${bundle.digest}/signatures`;
        pushed.push((await client.request('POST', path, { json: { signature: text } })) as SignatureAnswer);
      }
      print(pushed.length === 0 ? bundle : { ...bundle, signatures: pushed }, options.json, () => [
        ...('name' in bundle
          ? [`${bundle.name} ${bundle.version} ${stored(bundle.created)}: ${bundle.digest}`]
          : []),
        ...pushed.map(
          (one) =>
            `signature for the store ${one.store} by the key ${one.key}, until ${one.expires_at}, ${stored(one.created)}`,
        ),
        `Next: palisade deploy activate ${pushed[0]?.store ?? options.store?.[0] ?? 'default'} ${bundle.digest}`,
      ]);
    });
}

/** A file that no server would read is told before anything is pushed. */
async function readSignature(path: string): Promise<BundleSignature> {
  return parseSignature(await readSignatureFile(path));
}

async function pushBundle(
  client: Client,
  source: string,
  signatures: number,
  stores: readonly string[] | undefined,
): Promise<BundleAnswer | { readonly digest: string }> {
  if (DIGEST_PATTERN.test(source)) {
    if (signatures > 0) return { digest: source };

    throw new CliError('a digest alone is pushed with --signature', EXIT.usage);
  }

  const query = stores === undefined ? '' : `?stores=${encodeURIComponent(stores.join())}`;

  return (await client.request('POST', `/v1/bundles${query}`, {
    archive: await archiveAt(source),
  })) as BundleAnswer;
}

function stored(created: boolean | undefined): string {
  return created === true ? 'is stored' : 'was stored already';
}
