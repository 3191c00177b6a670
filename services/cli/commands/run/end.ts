import { Command } from 'commander';
import { createRuntimeClient } from '../../client.ts';
import { print } from '../../output.ts';
import type { RunAnswer } from './answer.ts';

const EPILOGUE = `
What was started in it ends too. One that has ended stays so: ending it again changes nothing.

Example:
  palisade run end "$RUN"

Exit codes: 0 it is ended; 1 there is no such run of this credential, or nothing answers; 2 wrong usage.`;

export function endCommand(): Command {
  return new Command('end')
    .argument('<run-id>', 'as `palisade run start` printed it')
    .option('--json', 'print JSON')
    .description('Ends a run: it takes no more calls.')
    .addHelpText('after', EPILOGUE)
    .action(async (id: string, { json }: { readonly json?: boolean }) => {
      const path = `/v1/runs/${encodeURIComponent(id)}/end`;
      const run = (await createRuntimeClient().request('POST', path, { json: {} })) as RunAnswer;
      print(run, json, () => [endedLine(run)]);
    });
}

function endedLine({ ends_at: at, steps, labels }: RunAnswer): string {
  const taken = labels.length === 0 ? 'no labels' : `the labels ${labels.join(', ')}`;

  return `It ended at ${at}, with ${steps} ${steps === 1n ? 'step' : 'steps'} and ${taken}.`;
}
