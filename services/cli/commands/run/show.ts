import { Command } from 'commander';
import { createAdminClient, createRuntimeClient } from '../../client.ts';
import { print } from '../../output.ts';
import { type RunAnswer, runLines } from './answer.ts';

interface ShowOptions {
  readonly store?: string;
  readonly json?: boolean;
}

const EPILOGUE = `
Without --store it is a run of your own: asked at PALISADE_URL, with the credential that started it. With --store it is any run of that
store: asked of administration, at PALISADE_ADMIN_URL, as an operator, an auditor or an admin, who also see its credential and actions.

Examples:
  palisade run show "$RUN"
  palisade run show "$RUN" --store default

Exit codes: 0 it is there; 1 it is not, or nothing answers; 2 wrong usage.`;

export function showCommand(): Command {
  return new Command('show')
    .argument('<run-id>', 'as `palisade run start` printed it')
    .option('--store <name>', 'any run of this policy store, of administration')
    .option('--json', 'print JSON')
    .description('Shows what a run has taken: labels, steps, and whether it is open.')
    .addHelpText('after', EPILOGUE)
    .action(async (id: string, { store, json }: ShowOptions) => {
      const run = (await (store === undefined ? ownRun(id) : runOf(store, id))) as RunAnswer;
      print(run, json, () => runLines(run));
    });
}

function ownRun(id: string): Promise<unknown> {
  return createRuntimeClient().request('GET', `/v1/runs/${encodeURIComponent(id)}`);
}

function runOf(store: string, id: string): Promise<unknown> {
  const path = `/v1/stores/${encodeURIComponent(store)}/runs/${encodeURIComponent(id)}`;

  return createAdminClient().request('GET', path);
}
