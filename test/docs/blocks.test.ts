import { existsSync, globSync } from 'node:fs';
import { expect, test } from 'vitest';
import { RUN, SHELLS } from './follow.ts';
import { blocksOf, GUIDES } from './markdown.ts';
import { productionOf, walkOf } from './sres.ts';

test('there is a guide for each of those who use it', () => {
  expect(globSync('docs/guide-*.md').sort()).toEqual([
    'docs/guide-authors.md',
    'docs/guide-pipeline.md',
    'docs/guide-runtimes.md',
    'docs/guide-sres.md',
  ]);
});

test.each(GUIDES)('%s has no commands that are not run, but for a reason', (page) => {
  const blocks = blocksOf(page).filter(({ language }) => SHELLS.includes(language));
  const unknown = blocks.flatMap(({ run }) => run ?? []).filter((run) => !understood(run));

  expect(blocks.length).toBeGreaterThan(0);
  expect(blocks.filter(({ language }) => language !== 'sh')).toEqual([]);
  expect(unknown).toEqual([]);
});

test('the two halves of the guide for SREs are all of it', () => {
  const page = 'docs/guide-sres.md';

  expect([...walkOf(page), ...productionOf(page)]).toEqual(blocksOf(page));
});

test.each(GUIDES)('%s says what a newcomer sees', (page) => {
  const shown = blocksOf(page, 'sh').filter(({ text }) => /# (shows|exits with) /.test(text));

  expect(shown.length).toBeGreaterThan(0);
});

function understood(run: string): boolean {
  const reason = RUN.skip.exec(run)?.[1];
  if (reason === undefined) return RUN.where.test(run) || RUN.aside.test(run);

  return (reason.match(/test\/\S+\.ts/g) ?? []).every((path) => existsSync(path));
}
