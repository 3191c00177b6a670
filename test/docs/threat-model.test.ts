import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const text = readFileSync('docs/threat-model.md', 'utf8');
/** The part about each actor: it has a table of attacks. */
const actors = text.split(/^## /m).filter((part) => part.includes('| attack |'));
const rows = actors.flatMap((part) => part.split('\n').filter((line) => /^\| (?!attack |---)/.test(line)));

test('every attack has what holds against it, and a test that tries it', () => {
  expect(rows.length).toBeGreaterThan(0);
  for (const row of rows) {
    const [attack, holds, tests = ''] = row.split(' | ');
    expect(attack?.length, row).toBeGreaterThan(0);
    expect(holds?.length, row).toBeGreaterThan(0);
    expect(testsIn(tests).length, row).toBeGreaterThan(0);
  }
});

test('every test that it names is there', () => {
  expect(testsIn(text).filter((path) => !existsSync(path))).toEqual([]);
});

test('it leaves out none of the pitfalls that are tried', () => {
  const named = testsIn(text);

  expect(globSync('test/pitfalls/*.test.ts').filter((path) => !named.includes(path))).toEqual([]);
});

describe.each(actors.map((part) => [part.split('\n')[0], part]))('%s', (_title, part) => {
  test('is told what does not hold', () => {
    expect(part).toContain('**What does not hold.**');
  });
});

function testsIn(markdown: string): string[] {
  return [...markdown.matchAll(/\]\((\.\.\/test\/[^)]+)\)/g)].map(([, path = '']) => join('docs', path));
}
