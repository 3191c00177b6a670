import { type Command, CommanderError } from 'commander';
import { describe, expect, test } from 'vitest';
import { createProgram } from '../../services/cli/main.ts';
import { SHELLS } from './follow.ts';
import { blocksOf, PAGES, proseOf } from './markdown.ts';

/** `palisade`, or its service of docker-compose.yml, where a command begins, and what follows until the shell's own signs. */
const IN_SHELL =
  /(?:^|[\s(;&|])(?:palisade|compose run --rm cli) (?<line>(?:'[^']*'|"[^"]*"|[^\n'"|;&<>#)])*)/gm;
const IN_PROSE = /`palisade (?<line>[^`\n]+)`/g;
const WORD = /(?:'[^']*'|"[^"]*"|[^\s'"])+/g;

/** What commander calls a command line that only lacks something, or that asks for help. */
const UNFINISHED = [
  'commander.missingArgument',
  'commander.missingMandatoryOptionValue',
  'commander.help',
  'commander.helpDisplayed',
];

const found = PAGES.flatMap((page) =>
  [...inShell(page).map(({ line }) => [page, line, []] as const), ...inProse(page)].filter(
    ([, line]) => line !== '',
  ),
);

describe('a command line of the documentation', () => {
  test.each(found)('is one in %s: palisade %s', async (_page, line, mayBe) => {
    expect([undefined, ...mayBe]).toContain(await refusalOf(wordsOf(line)));
  });

  test.each([
    ['an unknown command', 'bundle chek policies/receipts', 'commander.unknownCommand'],
    ['an unknown option', 'log query --trace-id abc', 'commander.unknownOption'],
    ['a missing argument', 'deploy activate default', 'commander.missingArgument'],
  ])('would be refused with %s', async (_what, line, code) => {
    expect(await refusalOf(wordsOf(line))).toBe(code);
  });
});

test('command lines are found on every kind of page', () => {
  for (const page of [
    'README.md',
    'docs/guide-sres.md',
    'docs/decision-log.md',
    'policies/receipts/README.md',
  ]) {
    expect(found.map(([where]) => where)).toContain(page);
  }
});

function inShell(page: string): { line: string }[] {
  return blocksOf(page, ...SHELLS).flatMap(({ text }) => linesOf(text.replaceAll('\\\n', ' '), IN_SHELL));
}

/** In a sentence, `palisade deploy status` may stand for any store. */
function inProse(page: string) {
  return linesOf(proseOf(page), IN_PROSE).map(({ line }) => [page, line, UNFINISHED] as const);
}

function linesOf(text: string, pattern: RegExp): { line: string }[] {
  return [...text.matchAll(pattern)].map(({ groups }) => ({ line: groups?.['line']?.trim() ?? '' }));
}

function wordsOf(line: string): string[] {
  return (line.match(WORD) ?? []).map((word) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'));
}

/** The code of commander's refusal; `undefined` where the line is understood. Nothing is carried out. */
async function refusalOf(words: readonly string[]): Promise<string | undefined> {
  try {
    await withoutActions(createProgram()).parseAsync(words, { from: 'user' });

    return undefined;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.code;
    throw thrown;
  }
}

function withoutActions(command: Command): Command {
  command.configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  if (command.commands.length === 0) command.action(() => undefined);
  for (const child of command.commands) withoutActions(child);

  return command;
}
