import { Command } from 'commander';
import { print, table } from '../../output.ts';
import { type EntityAnswer, pagesOf, toldUid } from './common.ts';

export function listCommand(): Command {
  return new Command('list')
    .argument('<store>', 'the policy store')
    .option('--type <type>', 'only entities of this type')
    .option('--json', 'print JSON')
    .description('Lists what a store holds, and which write made each; `export` has all of it.')
    .action(async (store: string, { type, json }: { readonly type?: string; readonly json?: boolean }) => {
      const entities: EntityAnswer[] = [];
      for await (const page of pagesOf(store, { type })) entities.push(...page.entities);
      print({ entities }, json, () =>
        table([
          ['ENTITY', 'SEQUENCE', 'WRITTEN', 'BY'],
          ...entities.map(({ entity, sequence, written_at, author }) => [
            toldUid(entity.uid),
            String(sequence),
            written_at,
            author,
          ]),
        ]),
      );
    });
}
