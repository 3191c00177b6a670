import { Command } from 'commander';
import { type JsonValue, jsonText } from '../../../ledger/json.ts';
import { type Client, createAdminClient } from '../../client.ts';
import { printable } from '../../output.ts';
import { type QuestionAnswer, questionCells } from './question.ts';

const FOR_MS = 3_600_000;

export function watchCommand(): Command {
  return new Command('watch')
    .option('--json', 'print each question as a line of JSON')
    .description('Prints open questions, and then each as it is asked, answered, used or expires.')
    .action(({ json }: { json?: boolean }) => watch(createAdminClient(), json === true));
}

async function watch(client: Client, json: boolean): Promise<void> {
  for (;;) {
    for await (const line of client.lines('GET', `/v1/approvals/watch?for_ms=${FOR_MS}`)) {
      const text = json
        ? jsonText(line as JsonValue)
        : printable(questionCells(line as QuestionAnswer).join('  '));
      process.stdout.write(`${text}\n`);
    }
  }
}
