import { Command, InvalidArgumentError, Option } from 'commander';
import { createAdminClient } from '../../client.ts';
import { CliError, EXIT } from '../../errors.ts';
import { readPublicKeyFile } from '../../key-files.ts';
import { print } from '../../output.ts';
import {
  type ProposalAnswer,
  type RequirementAnswer,
  requirementLines,
  requirementText,
} from './requirement.ts';

interface ProposeOptions {
  readonly keys: readonly string[];
  readonly threshold?: bigint;
  readonly none: boolean;
  readonly reason: string;
  readonly json?: boolean;
}

export function requireSignaturesCommand(): Command {
  const command = new Command('require-signatures').description(
    'Whose signatures a bundle needs to run in a store. It takes two persons to change that.',
  );

  command
    .command('propose', { isDefault: true })
    .argument('<store>', 'the policy store')
    .option('--keys <file...>', 'the public keys, as `palisade keys public` prints them', [])
    .option('--threshold <n>', 'how many of them must have signed', thresholdOf)
    .addOption(
      new Option('--none', 'require no signature any more').default(false).conflicts(['keys', 'threshold']),
    )
    .option('--reason <text>', 'why, for the second person and the history', '')
    .option('--json', 'print JSON')
    .description('Proposes what a store is to require; it holds once another credential approves it.')
    .action(async (store: string, options: ProposeOptions) => {
      const json = { ...(await requirementOf(options)), reason: options.reason };
      const answer = (await createAdminClient().request('POST', `${pathOf(store)}/proposals`, {
        json,
      })) as ProposalAnswer;
      print(answer, options.json, () => [
        `Proposed for the store ${store}: ${requirementText(answer)}.`,
        `It holds once somebody else runs, by ${answer.expires_at}:`,
        `palisade store require-signatures approve ${store} ${answer.id}`,
      ]);
    });

  command
    .command('show')
    .argument('<store>', 'the policy store')
    .option('--json', 'print JSON')
    .description('Shows what a store requires, how what it runs stands by that, and open proposals.')
    .action(async (store: string, { json }: { json?: boolean }) => {
      const answer = (await createAdminClient().request('GET', pathOf(store))) as RequirementAnswer;
      print(answer, json, () => requirementLines(answer));
    });

  command
    .command('approve')
    .argument('<store>', 'the policy store')
    .argument('<proposal>', 'its id, from `show`')
    .option('--json', 'print JSON')
    .description(
      'Approves what somebody else proposed; it holds at once. Nobody approves their own proposal.',
    )
    .action(async (store: string, proposal: string, { json }: { json?: boolean }) => {
      const answer = (await createAdminClient().request('POST', decisionOf(store, proposal, 'approve'))) as {
        readonly sequence: bigint;
      };
      print(answer, json, () => [
        `The proposal holds, as requirement ${answer.sequence} of the store ${store}.`,
      ]);
    });

  command
    .command('reject')
    .argument('<store>', 'the policy store')
    .argument('<proposal>', 'its id, from `show`')
    .option('--json', 'print JSON')
    .description('Closes a proposal for good; its author takes it back that way.')
    .action(async (store: string, proposal: string, { json }: { json?: boolean }) => {
      const answer = await createAdminClient().request('POST', decisionOf(store, proposal, 'reject'));
      print(answer, json, () => [`The proposal ${proposal} is closed.`]);
    });

  return command;
}

async function requirementOf({ keys, threshold, none }: ProposeOptions) {
  if (none) return { threshold: 0n, keys: [] };
  if (keys.length === 0 || threshold === undefined) {
    throw new CliError('say --keys and --threshold, or --none', EXIT.usage);
  }

  const read = await Promise.all(keys.map(readPublicKeyFile));

  return { threshold, keys: read.map(({ x }) => ({ kty: 'OKP', crv: 'Ed25519', x })) };
}

function pathOf(store: string): string {
  return `/v1/stores/${encodeURIComponent(store)}/signature-requirement`;
}

function decisionOf(store: string, proposal: string, decision: 'approve' | 'reject'): string {
  return `${pathOf(store)}/proposals/${encodeURIComponent(proposal)}/${decision}`;
}

function thresholdOf(text: string): bigint {
  if (/^[1-9]\d?$/.test(text)) return BigInt(text);

  throw new InvalidArgumentError('It is a number of keys, from 1 on.');
}
