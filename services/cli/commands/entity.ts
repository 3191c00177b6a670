import { Command } from 'commander';
import { deleteCommand } from './entity/delete.ts';
import { exportCommand } from './entity/export.ts';
import { getCommand } from './entity/get.ts';
import { importCommand } from './entity/import.ts';
import { listCommand } from './entity/list.ts';
import { patchCommand } from './entity/patch.ts';
import { putCommand } from './entity/put.ts';

const EPILOGUE = `
A store holds entities of the types whose source is \`store\` in bundle.yaml, and checks each by the bundles that decide there. Each write is
one state of the store, whole; its sequence, as at_least_sequence of a request, waits until it decides.

  palisade entity put default alice.json                               one, from Cedar JSON
  palisade entity patch default 'User::"alice"' --set level=3          some of it
  palisade entity import default users.json                            a hundred thousand
  palisade entity export default > held.jsonl                          all that the store holds`;

export function entityCommand(): Command {
  return new Command('entity')
    .description('What a policy store holds: users, teams and whatever else changes without a new bundle.')
    .addHelpText('after', EPILOGUE)
    .addCommand(putCommand())
    .addCommand(patchCommand())
    .addCommand(getCommand())
    .addCommand(listCommand())
    .addCommand(deleteCommand())
    .addCommand(importCommand())
    .addCommand(exportCommand());
}
