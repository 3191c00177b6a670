import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { DIGEST_PATTERN } from '../../../bundles/digest.ts';
import { parseSignature, signStatement } from '../../../bundles/signature/jws.ts';
import type { Statement } from '../../../bundles/signature/statement.ts';
import { checkInWorker } from '../../../bundles/worker/check.ts';
import { parseDuration } from '../../../engine/extension/duration.ts';
import { readBundleSource } from '../../bundle-source.ts';
import { CliError, EXIT } from '../../errors.ts';
import { readSigningKeyFile } from '../../key-files.ts';
import { print } from '../../output.ts';
import { buildArchive } from './build-archive.ts';
import { reportLines } from './report.ts';

interface SignOptions {
  readonly key: string;
  readonly store: string;
  readonly name?: string;
  readonly expires: number;
  readonly output?: string;
  readonly json?: boolean;
}

export function signCommand(): Command {
  return new Command('sign')
    .argument('<dir, file or digest>', 'a folder with bundle.yaml, an archive, or sha256:…')
    .requiredOption('--key <file>', 'the private key that `palisade keys generate` made')
    .requiredOption('--store <name>', 'the one policy store that the signature is for')
    .option('--name <name>', 'the name of the bundle, where only its digest is given')
    .option('--expires <duration>', 'for how long it is good, such as 30d or 12h', secondsOf, 90 * 86_400)
    .option(
      '-o, --output <file>',
      'where to write it; named after the bundle, the store and the key if left out',
    )
    .option('--json', 'print JSON')
    .description(
      'Signs a bundle for one store. Needs no running Palisade; a folder or archive is checked first.',
    )
    .action(async (source: string, options: SignOptions) => {
      const key = await readSigningKeyFile(options.key);
      const { digest, name } = await bundleOf(source, options.name);
      const issuedAt = Math.floor(Date.now() / 1_000);
      const statement: Statement = {
        ...{ digest, bundle: name, store: options.store },
        ...{ issuedAt, expiresAt: issuedAt + options.expires },
      };
      const signature = signStatement(statement, key);
      // What no server would read is not written: a store's name of another form, a time that no calendar has.
      parseSignature(signature);
      const file =
        options.output ?? `${name}-${digest.slice(7, 19)}.${options.store}.${key.id.slice(0, 8)}.sig`;
      await writeFile(file, `${signature}\n`);
      const until = new Date(statement.expiresAt * 1_000).toISOString();
      print(
        { file, digest, bundle: name, store: options.store, key: key.id, expires_at: until },
        options.json,
        () => [
          `${name} (${digest}) is signed for the store ${options.store} until ${until}, by the key ${key.id}:`,
          file,
          `Next: palisade bundle push ${source} --signature ${file}`,
        ],
      );
    });
}

/** Which bundle is signed. What does not pass its check is not: nobody could deploy it. */
async function bundleOf(
  source: string,
  name: string | undefined,
): Promise<{ readonly digest: string; readonly name: string }> {
  if (DIGEST_PATTERN.test(source)) {
    if (name !== undefined) return { digest: source, name };

    throw new CliError(
      `a digest alone does not tell its bundle's name: add --name (\`palisade bundle show ${source}\`)`,
      EXIT.usage,
    );
  }
  if (name !== undefined)
    throw new CliError('--name goes with a digest alone; a bundle brings its name', EXIT.usage);

  const { bundle } = await readBundleSource(source);
  const report =
    bundle instanceof Uint8Array ? await checkInWorker(bundle) : (await buildArchive(source)).report;
  if (!report.ok || report.name === undefined) throw new CliError(reportLines(report).join('\n'));

  return { digest: report.digest, name: report.name };
}

function secondsOf(text: string): number {
  const seconds = parseDuration(text)?.in('s') ?? 0n;
  if (seconds >= 1n && seconds <= 36_525n * 86_400n) return Number(seconds);

  throw new InvalidArgumentError(
    'It is a duration such as 90d, 12h or 1d12h, of at least a second and at most 100 years.',
  );
}
