import { Command, InvalidArgumentError } from 'commander';
import { type JudgedSignature, judgeSignature } from '../../../bundles/signature/judge.ts';
import { parseSignature } from '../../../bundles/signature/jws.ts';
import { identify } from '../../bundle-identity.ts';
import { EXIT } from '../../errors.ts';
import { readPublicKeyFile, readSignatureFile } from '../../key-files.ts';
import { print } from '../../output.ts';

interface VerifyOptions {
  readonly signature: readonly string[];
  readonly key: readonly string[];
  readonly store?: string;
  readonly threshold: number;
  readonly json?: boolean;
}

interface Verified extends JudgedSignature {
  readonly file: string;
}

export function verifyCommand(): Command {
  return new Command('verify')
    .argument('<dir or file>', 'a folder with bundle.yaml, or an archive')
    .requiredOption('--signature <file...>', 'what `palisade bundle sign` wrote')
    .requiredOption('--key <file...>', 'the public keys that are trusted')
    .option('--store <name>', 'refuse a signature for another store')
    .option('--threshold <n>', 'how many different keys must have signed', thresholdOf, 1)
    .option('--json', 'print JSON')
    .description(
      'Says whether every signature is of this bundle, by a trusted key, and good now. Needs no running Palisade.',
    )
    .action(async (source: string, options: VerifyOptions) => {
      const keys = await Promise.all(options.key.map(readPublicKeyFile));
      const { digest, name } = await identify(source);
      const verified: Verified[] = [];
      for (const file of options.signature) {
        const text = await readSignatureFile(file);
        const store = options.store ?? storeOf(text);
        verified.push({ file, ...judgeSignature(keys, text, { store, digest, name }, Date.now()) });
      }

      const signers = new Set(
        verified.flatMap(({ state, signature }) => (state === 'valid' ? [signature?.keyId] : [])),
      );
      const valid = verified.every(({ state }) => state === 'valid') && signers.size >= options.threshold;
      print(
        { digest, bundle: name, valid, keys: BigInt(signers.size), signatures: verified.map(toJson) },
        options.json,
        () => [
          ...verified.map(lineOf),
          `${name} (${digest}) is ${valid ? '' : 'not '}signed by ${options.threshold} of the keys, by every signature given`,
        ],
      );
      if (!valid) process.exitCode = EXIT.failed;
    });
}

/** What the signature says, where it says anything: without `--store` each is held against its own. */
function storeOf(text: string): string {
  try {
    return parseSignature(text).statement.store;
  } catch {
    return '';
  }
}

function toJson({ file, state, reason, signature }: Verified) {
  const statement = signature?.statement;

  return {
    ...{ file, state },
    ...(reason === '' ? {} : { reason }),
    ...(signature === undefined || statement === undefined
      ? {}
      : { key: signature.keyId, store: statement.store, expires_at: timeOf(statement.expiresAt) }),
  };
}

function lineOf({ file, state, reason, signature }: Verified): string {
  if (state !== 'valid' || signature === undefined) return `${file}: ${state}: ${reason}`;
  const { keyId, statement } = signature;

  return `${file}: valid for the store ${statement.store} until ${timeOf(statement.expiresAt)}, by the key ${keyId}`;
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1_000).toISOString();
}

function thresholdOf(text: string): number {
  if (/^[1-9]\d?$/.test(text)) return Number(text);

  throw new InvalidArgumentError('It is a number of keys, from 1 on.');
}
