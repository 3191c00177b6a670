import { Command } from 'commander';
import { escapeControls } from '../../../bundles/problem.ts';
import { createAdminClient } from '../../client.ts';
import { print } from '../../output.ts';
import { missingText, type QuestionAnswer } from './question.ts';

interface FieldAnswer {
  readonly path: string;
  readonly value?: string;
  readonly redacted?: boolean;
}

interface ExaminedAnswer {
  readonly approval: QuestionAnswer;
  readonly request?: {
    readonly principal: string;
    readonly action: string;
    readonly resource: string;
    readonly context: readonly FieldAnswer[];
    readonly entities: readonly {
      readonly uid: string;
      readonly attributes: readonly FieldAnswer[];
      readonly tags: readonly FieldAnswer[];
      readonly parents: readonly string[];
    }[];
  };
  readonly withheld?: string;
}

export function showCommand(): Command {
  return new Command('show')
    .argument('<id>', 'of `palisade approval list`')
    .option('--as <person>', 'for whom, such as User::"fay", where the credential speaks for several')
    .option('--json', 'print JSON')
    .description(
      'Shows exactly what would run, to whoever may answer; what cannot be seen stands as its number.',
    )
    .action(async (id: string, { as, json }: { as?: string; json?: boolean }) => {
      const query = as === undefined ? '' : `?${new URLSearchParams({ as })}`;
      const path = `/v1/approvals/${encodeURIComponent(id)}${query}`;
      const answer = (await createAdminClient().request('GET', path)) as ExaminedAnswer;
      // Each on one line, whoever wrote what stands in it: nobody may add to what would run.
      print(answer, json, () => lines(answer).map(escapeControls));
    });
}

function lines({ approval, request, withheld }: ExaminedAnswer): string[] {
  const { answers } = approval;

  return [
    `${approval.status}, ${approval.severity}: ${approval.message}`,
    `asked by ${approval.subject} at ${approval.created_at}, until ${approval.expires_at}`,
    `wanted: ${missingText(approval)}`,
    ...answers.map(
      ({ approver, answer, comment, answered_at: at }) =>
        `${answer} by ${approver} at ${at}${comment === '' ? '' : `: ${comment}`}`,
    ),
    '',
    ...(request === undefined ? [`What would run is not shown: ${withheld ?? ''}.`] : requestLines(request)),
  ];
}

function requestLines({
  principal,
  action,
  resource,
  context,
  entities,
}: NonNullable<ExaminedAnswer['request']>): string[] {
  return [
    `principal  ${principal}`,
    `action     ${action}`,
    `resource   ${resource}`,
    ...context.map(fieldLine),
    ...entities.flatMap(({ uid, attributes, tags, parents }) => [
      `${uid}, by the word of who asks${parents.length === 0 ? '' : `, in ${parents.join(', ')}`}`,
      ...attributes.map((field) => `  ${fieldLine(field)}`),
      ...tags.map((field) => `  tag ${fieldLine(field)}`),
    ]),
  ];
}

function fieldLine({ path, value, redacted }: FieldAnswer): string {
  return `${path} = ${redacted === true ? '(redacted)' : value}`;
}
