import { Command, InvalidArgumentError } from 'commander';
import { parseTrustedJson } from '../../../engine/raw/json.ts';
import type { RawUid } from '../../../engine/raw/raw.ts';
import { CliError, EXIT } from '../../errors.ts';
import {
  entityUid,
  moreUids,
  sendChanges,
  toldUid,
  type WriteOptions,
  withExpectation,
  withWriteOptions,
} from './common.ts';

interface PatchOptions extends WriteOptions {
  readonly expectedSequence?: bigint;
  readonly set: readonly string[];
  readonly remove: readonly string[];
  readonly setTag: readonly string[];
  readonly removeTag: readonly string[];
  readonly addParent?: readonly RawUid[];
  readonly removeParent?: readonly RawUid[];
  readonly onlyParent?: readonly RawUid[];
}

const EPILOGUE = `
A value is JSON: level=3, active=true, 'team="red"', 'owner={"__entity":{"type":"User","id":"bob"}}'.`;

export function patchCommand(): Command {
  const command = new Command('patch')
    .argument('<store>', 'the policy store')
    .argument('<entity>', `such as 'User::"alice"'`, entityUid)
    .option('--set <name=json>', 'set an attribute', moreMembers, [])
    .option('--remove <name>', 'remove an attribute', more, [])
    .option('--set-tag <name=json>', 'set a tag', moreMembers, [])
    .option('--remove-tag <name>', 'remove a tag', more, [])
    .option('--add-parent <entity>', 'put it under another one as well', moreUids)
    .option('--remove-parent <entity>', 'take it from under another one', moreUids)
    .option(
      '--only-parent <entity>',
      'put it under this one and the others named so, and nothing else',
      moreUids,
    )
    .description('Changes some of an entity and leaves the rest; each option may stand more than once.')
    .addHelpText('after', EPILOGUE);

  return withWriteOptions(withExpectation(command)).action(
    async (store: string, uid: RawUid, options: PatchOptions) => {
      const { expectedSequence } = options;
      const expected = expectedSequence === undefined ? '' : `,"expected_sequence":${expectedSequence}`;
      const change = `{"uid":${JSON.stringify(uid)},"patch":${patchText(options)}${expected}}`;
      await sendChanges(store, [change], options, toldUid(uid));
    },
  );
}

/** @throws CliError where nothing is to be changed. */
function patchText(options: PatchOptions): string {
  const { addParent, removeParent, onlyParent } = options;
  const parents = [
    memberText('add', addParent),
    memberText('remove', removeParent),
    memberText('replace', onlyParent),
  ].flat();
  const parts = [
    membersText('attrs', options.set, options.remove),
    membersText('tags', options.setTag, options.removeTag),
    parents.length === 0 ? [] : [`"parents":{${parents.join()}}`],
  ].flat();
  if (parts.length === 0)
    throw new CliError('nothing is to be changed: see palisade entity patch --help', EXIT.usage);

  return `{${parts.join()}}`;
}

function membersText(part: string, set: readonly string[], remove: readonly string[]): readonly string[] {
  if (set.length + remove.length === 0) return [];

  return [`"${part}":{"set":{${set.join()}},"remove":${JSON.stringify(remove)}}`];
}

function memberText(name: string, uids: readonly RawUid[] | undefined): readonly string[] {
  return uids === undefined ? [] : [`"${name}":${JSON.stringify(uids)}`];
}

/** Keeps the text of the value, in which an integer is exact. */
function moreMembers(text: string, before: readonly string[]): readonly string[] {
  const at = text.indexOf('=');
  const value = text.slice(at + 1);
  try {
    if (at < 1) throw new Error('no name');
    parseTrustedJson(value);
  } catch {
    throw new InvalidArgumentError(`It is a name and JSON, such as level=3 or 'team="red"'.`);
  }

  return [...before, `${JSON.stringify(text.slice(0, at))}:${value}`];
}

function more(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}
