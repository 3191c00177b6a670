import { Command } from 'commander';
import { createAdminClient } from '../../client.ts';
import { print } from '../../output.ts';
import { missingText, type QuestionAnswer } from './question.ts';

interface AnswerOptions {
  readonly as?: string;
  readonly comment: string;
  readonly json?: boolean;
}

export function answerCommand(name: 'approve' | 'deny', description: string): Command {
  return new Command(name)
    .argument('<id>', 'of `palisade approval list`')
    .option('--as <person>', 'for whom, such as User::"fay", where the credential speaks for several')
    .option('--comment <text>', 'why, for the decision log and whoever looks later', '')
    .option('--json', 'print JSON')
    .description(description)
    .action(async (id: string, { as, comment, json }: AnswerOptions) => {
      const path = `/v1/approvals/${encodeURIComponent(id)}/${name}`;
      const body = { comment, ...(as === undefined ? {} : { as }) };
      const answer = (await createAdminClient().request('POST', path, { json: body })) as {
        readonly approval: QuestionAnswer;
      };
      print(answer, json, () => [doneLine(answer.approval)]);
    });
}

function doneLine(approval: QuestionAnswer): string {
  switch (approval.status) {
    case 'approved':
      return `It is approved: the same request runs once until ${approval.expires_at}.`;
    case 'denied':
      return 'It is denied.';
    default:
      return `It is ${approval.status}, and takes ${missingText(approval)}.`;
  }
}
