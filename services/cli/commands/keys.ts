import { Command } from 'commander';
import { generateKey, publicJwk } from '../../bundles/signature/keys.ts';
import { createPrivateFile } from '../../ledger/private-file.ts';
import { CliError } from '../errors.ts';
import { readPublicKeyFile, readSigningKeyFile } from '../key-files.ts';
import { print } from '../output.ts';

export function keysCommand(): Command {
  const command = new Command('keys').description('The keys that people sign bundles with.');

  command
    .command('generate')
    .option('-o, --output <file>', 'where to write it, mode 0600', 'signing-key.jwk')
    .option('--json', 'print JSON')
    .description('Makes a private key (Ed25519, as JWK) and prints its id. Never overwrites a file.')
    .action(async ({ output, json }: { output: string; json?: boolean }) => {
      const key = generateKey();
      await createPrivateFile(output, `${JSON.stringify(key, null, 2)}\n`).catch(
        (cause: NodeJS.ErrnoException) => {
          throw new CliError(
            cause.code === 'EEXIST' ? `${output} exists; a key is never overwritten` : cause.message,
          );
        },
      );
      print({ file: output, kid: key.kid }, json, () => [
        `${output} made; its id is ${key.kid}.`,
        `Give away only what \`palisade keys public ${output}\` prints.`,
      ]);
    });

  command
    .command('public')
    .argument('<file>', 'a key, private or public')
    .description('Prints the public key of a key, as JWK: what a store is told to require signatures of.')
    .action(async (file: string) => {
      const key = await readSigningKeyFile(file).catch((refusal: unknown) =>
        // Whoever checks which key a public file holds asks the same way.
        readPublicKeyFile(file).catch(() => {
          throw refusal;
        }),
      );
      process.stdout.write(`${JSON.stringify(publicJwk(key), null, 2)}\n`);
    });

  return command;
}
