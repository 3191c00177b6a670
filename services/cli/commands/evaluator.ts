import { Command } from 'commander';
import { createAdminClient } from '../client.ts';
import { print, table } from '../output.ts';

interface OverrideAnswer {
  readonly digest: string;
  readonly name: string;
  readonly version: string;
  readonly decision_id: string;
  readonly created_at: string;
  readonly lifted?: { readonly at: string; readonly by: string; readonly reason: string };
}

interface LiftAnswer {
  readonly digest: string;
  readonly record_id: string;
}

export function evaluatorCommand(): Command {
  const command = new Command('evaluator').description(
    "Bundles that Cedar's own evaluator judges, because the compiled one was seen to judge otherwise.",
  );

  command
    .command('list')
    .option('--json', 'print JSON, with what each of the two said')
    .description('Lists them, those in force first; lifted ones stay in the list.')
    .action(async ({ json }: { json?: boolean }) => {
      const answer = (await createAdminClient().request('GET', '/v1/evaluator-overrides')) as {
        readonly overrides: readonly OverrideAnswer[];
      };
      print(answer, json, () => listLines(answer.overrides));
    });

  command
    .command('lift')
    .argument('<digest>', 'from `evaluator list`')
    .requiredOption('--reason <text>', 'why it judges right now, for the decision log')
    .option('--json', 'print JSON')
    .description(
      'Has a bundle judged again by what each process is configured for. First install a version that judges right, everywhere.',
    )
    .action(async (digest: string, { reason, json }: { reason: string; json?: boolean }) => {
      const path = `/v1/evaluator-overrides/${encodeURIComponent(digest)}/lift`;
      const answer = (await createAdminClient().request('POST', path, { json: { reason } })) as LiftAnswer;
      print(answer, json, () => [
        `The override of ${answer.digest} is lifted; replicas load it anew.`,
        `The decision log tells of it: palisade log show ${answer.record_id}`,
      ]);
    });

  return command;
}

function listLines(overrides: readonly OverrideAnswer[]): string[] {
  if (overrides.length === 0) return ['No bundle was ever judged otherwise by Cedar.'];

  return table([
    ['BUNDLE', 'SINCE', 'DECISION', 'STATE', 'DIGEST'],
    ...overrides.map(({ digest, name, version, decision_id, created_at, lifted }) => [
      `${name} ${version}`,
      created_at,
      decision_id,
      lifted === undefined ? 'in force' : `lifted ${lifted.at} by ${lifted.by}: ${lifted.reason}`,
      digest,
    ]),
  ]);
}
