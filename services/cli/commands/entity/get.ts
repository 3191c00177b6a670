import { Command } from 'commander';
import type { RawUid } from '../../../engine/raw/raw.ts';
import { type JsonValue, jsonText } from '../../../ledger/json.ts';
import { createAdminClient } from '../../client.ts';
import { CliError } from '../../errors.ts';
import { print } from '../../output.ts';
import { type EntityPage, entitiesPath, entitySequence, entityUid, toldUid } from './common.ts';

export function getCommand(): Command {
  return new Command('get')
    .argument('<store>', 'the policy store')
    .argument('<entity>', `such as 'User::"alice"'`, entityUid)
    .option('--sequence <n>', 'as it was at this state of the store; left out: now', entitySequence)
    .option('--json', 'print JSON, with who wrote it and when')
    .description('Shows one entity as Cedar JSON.')
    .action(
      async (
        store: string,
        uid: RawUid,
        { sequence, json }: { readonly sequence?: bigint; readonly json?: boolean },
      ) => {
        // As a list, since a path cannot spell every id.
        const query = new URLSearchParams({ type: uid.type, id: uid.id });
        if (sequence !== undefined) query.set('state_sequence', String(sequence));
        const path = `${entitiesPath(store)}?${query}`;
        const { entities } = (await createAdminClient().request('GET', path)) as EntityPage;
        const [found] = entities;
        if (found === undefined) throw new CliError(`not_found: the store holds no ${toldUid(uid)}`);
        print(found, json, () => [jsonText(found.entity as JsonValue)]);
      },
    );
}
