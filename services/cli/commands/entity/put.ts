import { Command } from 'commander';
import { sendChanges, type WriteOptions, withExpectation, withWriteOptions } from './common.ts';
import { readOneEntity } from './read-entities.ts';

export function putCommand(): Command {
  const command = new Command('put')
    .argument('<store>', 'the policy store')
    .argument('<file>', 'the entity as Cedar JSON {"uid", "attrs", "parents", "tags"}; - is standard input')
    .description('Writes one entity whole; what it held before is kept as an older version.');

  return withWriteOptions(withExpectation(command)).action(
    async (store: string, file: string, options: WriteOptions & { readonly expectedSequence?: bigint }) => {
      const { key, text } = await readOneEntity(file);
      const expected =
        options.expectedSequence === undefined ? '' : `,"expected_sequence":${options.expectedSequence}`;
      await sendChanges(store, [`{"put":${text}${expected}}`], options, key);
    },
  );
}
