import { once } from 'node:events';
import { Command, Option } from 'commander';
import { type JsonValue, jsonText } from '../../../ledger/json.ts';
import { entitySequence, pagesOf } from './common.ts';

interface ExportOptions {
  readonly type?: string;
  readonly sequence?: bigint;
  readonly format: 'lines' | 'array';
}

export function exportCommand(): Command {
  return new Command('export')
    .argument('<store>', 'the policy store')
    .option('--type <type>', 'only entities of this type')
    .option('--sequence <n>', 'as they were at this state of the store; left out: now', entitySequence)
    .addOption(
      new Option('--format <format>', 'one entity on each line, or a JSON array of them')
        .choices(['lines', 'array'])
        .default('lines'),
    )
    .description(
      'Prints what a store holds as Cedar JSON that `import` takes: all of one state, by type and id.',
    )
    .action(async (store: string, { type, sequence, format }: ExportOptions) => {
      const isArray = format === 'array';
      let isFirst = true;
      if (isArray) await write('[');
      for await (const { entities } of pagesOf(store, { type, sequence })) {
        for (const { entity } of entities) {
          await write(
            `${isArray ? (isFirst ? '\n' : ',\n') : ''}${jsonText(entity as JsonValue)}${isArray ? '' : '\n'}`,
          );
          isFirst = false;
        }
      }
      if (isArray) await write(isFirst ? ']\n' : '\n]\n');
    });
}

/** Waits where the reader is slower than the server. */
async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}
