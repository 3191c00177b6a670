import { Command, InvalidArgumentError } from 'commander';
import { createAdminClient } from '../client.ts';
import { print, table } from '../output.ts';

interface DeploymentAnswer {
  readonly store: string;
  readonly sequence: bigint;
  readonly bundle: { readonly name: string; readonly version: string; readonly digest: string };
  readonly author: string;
  readonly reason: string;
  readonly created_at: string;
}

interface StatusAnswer {
  readonly store: string;
  readonly active?: DeploymentAnswer;
  readonly serving: { readonly sequence: bigint; readonly digest?: string; readonly evaluator?: string };
  readonly evaluator_overridden_at?: string;
  readonly history: readonly DeploymentAnswer[];
}

export function deployCommand(): Command {
  const command = new Command('deploy').description('What a policy store runs.');

  command
    .command('activate')
    .argument('<store>', 'the policy store')
    .argument('<digest>', 'sha256:… of a pushed bundle')
    .option(
      '--expected-sequence <n>',
      'refuse if another deployment came after this one (0: none yet)',
      sequenceOf,
    )
    .option('--reason <text>', 'why, for the history', '')
    .option('--json', 'print JSON')
    .description('Makes a pushed bundle the active one; every running process follows within a second.')
    .action(
      async (
        store: string,
        digest: string,
        { expectedSequence, reason, json }: { expectedSequence?: bigint; reason: string; json?: boolean },
      ) => {
        const expected = expectedSequence === undefined ? {} : { expected_sequence: expectedSequence };
        const answer = (await createAdminClient().request(
          'PUT',
          `/v1/stores/${encodeURIComponent(store)}/deployment`,
          {
            json: { digest, reason, ...expected },
          },
        )) as DeploymentAnswer;
        print(answer, json, () => [
          `${store} runs ${answer.bundle.name} ${answer.bundle.version} as sequence ${answer.sequence}.`,
        ]);
      },
    );

  command
    .command('status')
    .argument('<store>', 'the policy store')
    .option('--json', 'print JSON')
    .description('Shows the active bundle, what the answering process serves, and the last deployments.')
    .action(async (store: string, { json }: { json?: boolean }) => {
      const path = `/v1/stores/${encodeURIComponent(store)}/deployment`;
      const answer = (await createAdminClient().request('GET', path)) as StatusAnswer;
      print(answer, json, () => statusLines(answer));
    });

  return command;
}

function sequenceOf(text: string): bigint {
  if (/^\d{1,18}$/.test(text)) return BigInt(text);

  throw new InvalidArgumentError('It is a whole number, the SEQUENCE of `palisade deploy status`.');
}

function statusLines(answer: StatusAnswer): string[] {
  const { store, active, serving, history } = answer;
  if (active === undefined)
    return [`${store} runs no bundle yet: palisade deploy activate ${store} <digest>`];

  const follows =
    serving.sequence === active.sequence ? 'serves it' : `still serves sequence ${serving.sequence}`;

  return [
    `${store} runs ${active.bundle.name} ${active.bundle.version} (${active.bundle.digest})`,
    `sequence ${active.sequence}; the process that answered ${follows}`,
    ...evaluatorLines(answer),
    '',
    ...table([
      ['SEQUENCE', 'BUNDLE', 'VERSION', 'BY', 'AT', 'REASON'],
      ...history.map((one) => [
        String(one.sequence),
        one.bundle.name,
        one.bundle.version,
        one.author,
        one.created_at,
        one.reason,
      ]),
    ]),
  ];
}

function evaluatorLines({ serving, evaluator_overridden_at: since }: StatusAnswer): string[] {
  if (serving.evaluator === undefined) return [];
  const why = since === undefined ? '' : ` (overridden ${since}: the compiled evaluator judged otherwise)`;

  return [`evaluator: ${serving.evaluator}${why}`];
}
