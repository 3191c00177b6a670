import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PAGES, proseOf } from './markdown.ts';

describe.each(PAGES)('%s', (page) => {
  test('links to what is there', () => {
    expect(targetsOf(page).filter((target) => !leads(page, target))).toEqual([]);
  });
});

test('every page can be reached from README.md', () => {
  const reached = new Set(['README.md']);
  for (const page of reached) {
    for (const target of targetsOf(page)) {
      const path = fileOf(page, target);
      // A folder shows what is in it.
      for (const found of PAGES) if (found === path || dirname(found) === path) reached.add(found);
    }
  }

  expect(PAGES.filter((page) => !reached.has(page))).toEqual([]);
});

/** Where the links of a page lead within the repository. */
function targetsOf(page: string): string[] {
  const targets = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);

  return targets.filter((target) => !/^https?:\/\//.test(target));
}

function leads(page: string, target: string): boolean {
  const file = fileOf(page, target);
  const anchor = target.split('#')[1];
  if (!existsSync(file)) return false;

  return anchor === undefined || anchorsOf(file).includes(anchor);
}

function fileOf(page: string, target: string): string {
  const [path = ''] = target.split('#');

  return path === '' ? page : join(dirname(page), path);
}

function anchorsOf(file: string): string[] {
  const text = file.endsWith('.md') ? proseOf(file) : readFileSync(file, 'utf8');

  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}
