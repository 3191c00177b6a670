import { Command } from 'commander';
import { createAdminClient } from '../../client.ts';
import { print } from '../../output.ts';
import type { StatusAnswer } from './answer.ts';
import { historyTable } from './history.ts';
import { stateLines } from './lines.ts';
import { replicaLines } from './replica-lines.ts';

export function statusCommand(): Command {
  return new Command('status')
    .argument('<store>', 'the policy store')
    .option('--json', 'print JSON')
    .description(
      'Shows what a store runs, how its candidates do, which process serves what, and the last changes.',
    )
    .action(async (store: string, { json }: { json?: boolean }) => {
      const path = `/v1/stores/${encodeURIComponent(store)}/deployment`;
      const answer = (await createAdminClient().request('GET', path)) as StatusAnswer;
      print(answer, json, () => statusLines(answer));
    });
}

function statusLines(answer: StatusAnswer): string[] {
  const { store, active, figures, serving, history, two_person: twoPerson } = answer;
  if (active === undefined)
    return [`${store} runs no bundle yet: palisade deploy activate ${store} <digest>`];

  const follows =
    serving.sequence === active.sequence ? 'serves it' : `still serves sequence ${serving.sequence}`;

  return [
    `${store} runs ${active.bundle.name} ${active.bundle.version} (${active.bundle.digest})`,
    `sequence ${active.sequence}; the process that answered ${follows}`,
    ...(twoPerson ? ['two persons change it'] : []),
    ...evaluatorLines(answer),
    ...stateLines(active, figures),
    ...replicaLines(answer),
    '',
    ...historyTable(history),
  ];
}

function evaluatorLines({ serving, evaluator_overridden_at: since }: StatusAnswer): string[] {
  if (serving.evaluator === undefined) return [];
  const why =
    since === undefined
      ? ''
      : ` (overridden ${since}: the compiled evaluator judged otherwise; palisade evaluator list)`;

  return [`evaluator: ${serving.evaluator}${why}`];
}
