import { Command, InvalidArgumentError, Option } from 'commander';
import { isTypeName } from '../../engine/data/type-name.ts';
import { LIMITS } from '../../engine/limits.ts';
import { createAdminClient } from '../client.ts';
import { CliError, EXIT } from '../errors.ts';
import { print } from '../output.ts';
import { uidArgument } from '../uid-argument.ts';
import {
  type GlassAnswer,
  type GlassReportAnswer,
  glassTable,
  openedLines,
  proposedGlassText,
  reportLines,
} from './break-glass/lines.ts';
import type { ProposalAnswer } from './deploy/answer.ts';

interface OpenOptions {
  readonly principal?: ReturnType<typeof uidArgument>;
  readonly every?: string;
  readonly scope: readonly string[];
  readonly reason: string;
  readonly ticket: string;
  readonly minutes: bigint;
  readonly json?: boolean;
}

export function breakGlassCommand(): Command {
  const command = new Command('break-glass').description(
    'For an emergency: policies that name the fact `breakGlass` yield to some principals, for a while.',
  );

  command
    .command('open')
    .argument('<store>', 'the policy store')
    .option('--principal <uid>', 'for whom, such as \'User::"fay"\'', uidArgument)
    .addOption(new Option('--every <type>', 'instead: for every principal of a type').conflicts('principal'))
    .requiredOption('--scope <action...>', 'for which actions, such as \'Action::"deploy"\', or `all`')
    .requiredOption('--reason <text>', 'why, for whoever is told of it and for the decision log')
    .requiredOption('--ticket <text>', 'where the emergency is worked on')
    .requiredOption('--minutes <n>', `when it ends by itself, 1 to ${LIMITS.break_glass_minutes}`, minutesOf)
    .option('--json', 'print JSON')
    .description('Opens a break-glass, or proposes it where changes of the store take two persons.')
    .action(async (store: string, options: OpenOptions) => {
      const answer = (await createAdminClient().request('POST', pathOf(store), { json: bodyOf(options) })) as
        | GlassAnswer
        | { readonly proposal: ProposalAnswer };
      print(answer, options.json, () =>
        'proposal' in answer ? waiting(answer.proposal) : openedLines(answer),
      );
    });

  command
    .command('close')
    .argument('<store>', 'the policy store')
    .argument('<id>', 'from `break-glass list`')
    .requiredOption('--reason <text>', 'why, for the decision log')
    .option('--json', 'print JSON')
    .description('Ends a break-glass before its time is over. One person is enough.')
    .action(async (store: string, id: string, { reason, json }: { reason: string; json?: boolean }) => {
      const path = `${pathOf(store)}/${encodeURIComponent(id)}/close`;
      const answer = (await createAdminClient().request('POST', path, { json: { reason } })) as GlassAnswer;
      print(answer, json, () => [
        `The break-glass ${answer.id} is closed; every replica lets go of it within a second.`,
        `What was done under it: palisade break-glass report ${store} ${answer.id}`,
      ]);
    });

  command
    .command('list')
    .argument('<store>', 'the policy store')
    .option('--open', 'only those that are open')
    .option('--json', 'print JSON')
    .description('Lists break-glasses, newest first.')
    .action(async (store: string, { open, json }: { open?: true; json?: boolean }) => {
      const answer = (await createAdminClient().request('GET', `${pathOf(store)}?open=${open === true}`)) as {
        readonly break_glass: readonly GlassAnswer[];
      };
      print(answer, json, () => glassTable(answer.break_glass));
    });

  command
    .command('report')
    .argument('<store>', 'the policy store')
    .argument('<id>', 'from `break-glass list`')
    .option('--json', 'print JSON')
    .description('Sums up what was decided under a break-glass, as far as it is in the decision log.')
    .action(async (store: string, id: string, { json }: { json?: boolean }) => {
      const path = `${pathOf(store)}/${encodeURIComponent(id)}/report`;
      const answer = (await createAdminClient().request('GET', path)) as GlassReportAnswer;
      print(answer, json, () => reportLines(answer));
    });

  return command;
}

function bodyOf({ principal, every, scope, reason, ticket, minutes }: OpenOptions) {
  if ((principal === undefined) === (every === undefined)) {
    throw new CliError('say --principal, or --every for all of a type', EXIT.usage);
  }
  if (every !== undefined && !isTypeName(every)) {
    throw new CliError(`--every is no name of an entity type: ${every}`, EXIT.usage);
  }
  if (scope.includes('all') && scope.length > 1) {
    throw new CliError('--scope is either `all` or a list of actions', EXIT.usage);
  }

  return {
    principal: principal === undefined ? { type: every ?? '', every: true } : principal,
    actions: scope.includes('all') ? 'all' : scope.map(uidArgument),
    ...{ reason, ticket, minutes },
  };
}

function waiting({ id, expires_at, payload }: ProposalAnswer): string[] {
  return [
    'Nothing is open yet: it takes two persons. Until the time below somebody else can approve it,',
    `for ${proposedGlassText(payload)}; ${expires_at}:`,
    `palisade deploy approve ${id}`,
  ];
}

function pathOf(store: string): string {
  return `/v1/stores/${encodeURIComponent(store)}/break-glass`;
}

function minutesOf(text: string): bigint {
  if (/^[1-9]\d{0,2}$/.test(text) && Number(text) <= LIMITS.break_glass_minutes) return BigInt(text);

  throw new InvalidArgumentError(`It is a whole number from 1 to ${LIMITS.break_glass_minutes}.`);
}
