import { Command } from 'commander';
import type { RawUid } from '../../../engine/raw/raw.ts';
import { CliError, EXIT } from '../../errors.ts';
import {
  moreUids,
  sendChanges,
  toldUid,
  type WriteOptions,
  withExpectation,
  withWriteOptions,
} from './common.ts';

export function deleteCommand(): Command {
  const command = new Command('delete')
    .argument('<store>', 'the policy store')
    .argument('<entity...>', `such as 'User::"alice"'`, moreUids)
    .description('Deletes entities, all at once; refused while others stand under one of them.');

  return withWriteOptions(withExpectation(command)).action(
    async (
      store: string,
      uids: readonly RawUid[],
      options: WriteOptions & { readonly expectedSequence?: bigint },
    ) => {
      const { expectedSequence } = options;
      if (expectedSequence !== undefined && uids.length > 1) {
        throw new CliError('--expected-sequence goes with one entity', EXIT.usage);
      }
      const expected = expectedSequence === undefined ? '' : `,"expected_sequence":${expectedSequence}`;
      await sendChanges(
        store,
        uids.map((uid) => `{"delete":${JSON.stringify(uid)}${expected}}`),
        options,
        `without ${uids.map(toldUid).join(', ')} it`,
      );
    },
  );
}
