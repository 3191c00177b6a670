import { Command } from 'commander';
import { LIMITS } from '../../../engine/limits.ts';
import { createRuntimeClient } from '../../client.ts';
import { print } from '../../output.ts';
import { uidArgument } from '../../uid-argument.ts';
import type { RunAnswer } from './answer.ts';

interface StartOptions {
  readonly principal: ReturnType<typeof uidArgument>;
  readonly store?: string;
  readonly parent?: string;
  readonly conversation?: string;
  readonly json?: boolean;
}

const EPILOGUE = `
Prints the run's id, which calls send as run.run_id. It ends when it is ended, or by itself after ${LIMITS.run_hours} hours.

Examples:
  RUN=$(palisade run start --principal 'Agent::"build-bot"')
  palisade run start --principal 'Agent::"helper"' --parent "$RUN" --json

Exit codes: 0 it is started; 1 it is refused, or nothing answers; 2 wrong usage.`;

export function startCommand(): Command {
  return new Command('start')
    .requiredOption('--principal <uid>', 'who will ask, such as \'Agent::"build-bot"\'', uidArgument)
    .option('--store <name>', "the policy store; left out, the credential's only one")
    .option('--parent <run-id>', 'the run that this one works for, whose labels and budgets it shares')
    .option('--conversation <id>', 'correlates only')
    .option('--json', 'print JSON')
    .description('Starts a run, under the credential that will use it.')
    .addHelpText('after', EPILOGUE)
    .action(async ({ principal, store, parent, conversation, json }: StartOptions) => {
      const body = {
        principal: { ...principal },
        ...(store === undefined ? {} : { policy_store: store }),
        ...(parent === undefined ? {} : { parent_run_id: parent }),
        ...(conversation === undefined ? {} : { conversation_id: conversation }),
      };
      const run = (await createRuntimeClient().request('POST', '/v1/runs', { json: body })) as RunAnswer;
      print(run, json, () => [run.run_id]);
    });
}
