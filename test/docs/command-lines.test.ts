import { describe, expect, test } from 'vitest';
import { commandLinesIn, refusalOf } from './command-lines.ts';
import { SHELLS } from './follow.ts';
import { blocksOf, PAGES, proseOf } from './markdown.ts';

const IN_PROSE = /`palisade (?<line>[^`\n]+)`/g;

/** What commander calls a command line that only lacks something, or that asks for help. */
const UNFINISHED = [
  'commander.missingArgument',
  'commander.missingMandatoryOptionValue',
  'commander.help',
  'commander.helpDisplayed',
];

const found = PAGES.flatMap((page) =>
  [...inShell(page).map((line) => [page, line, []] as const), ...inProse(page)].filter(
    ([, line]) => line !== '',
  ),
);

describe('a command line of the documentation', () => {
  test.each(found)('is one in %s: palisade %s', async (_page, line, mayBe) => {
    expect([undefined, ...mayBe]).toContain(await refusalOf(line));
  });

  test.each([
    ['an unknown command', 'bundle chek policies/receipts', 'commander.unknownCommand'],
    ['an unknown option', 'log query --trace-id abc', 'commander.unknownOption'],
    ['a missing argument', 'deploy activate default', 'commander.missingArgument'],
  ])('would be refused with %s', async (_what, line, code) => {
    expect(await refusalOf(line)).toBe(code);
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

function inShell(page: string): string[] {
  return blocksOf(page, ...SHELLS).flatMap(({ text }) => commandLinesIn(text));
}

/** In a sentence, `palisade deploy status` may stand for any store. */
function inProse(page: string) {
  return [...proseOf(page).matchAll(IN_PROSE)].map(
    ({ groups }) => [page, groups?.['line']?.trim() ?? '', UNFINISHED] as const,
  );
}
