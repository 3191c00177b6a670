import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { OTHER_VARIABLES, VARIABLES } from '../../services/pdp/config/variables.ts';
import { blocksOf } from '../docs/markdown.ts';
import { problemOf } from './support/commands.ts';
import { readCompose } from './support/compose.ts';
import { SERIES } from './support/metrics.ts';

const PAGE = 'docs/operations.md';
const text = readFileSync(PAGE, 'utf8');
/** Code within sentences. */
const spans = [...text.replaceAll(/^```.*?^```$/gms, '').matchAll(/`([^`\n]+)`/g)].map(
  ([, code = '']) => code,
);
const lines = blocksOf(PAGE, 'console').flatMap((block) => block.text.trim().split('\n'));

test('shows commands that there are, with options that they have', () => {
  const own = [...spans, ...lines].filter((line) => line.startsWith('palisade '));
  const inContainer = lines.filter((line) => line.startsWith('docker compose run --rm cli '));
  const commands = [
    ...own.map((line) => wordsOf(line).slice(1)),
    ...inContainer.map((line) => wordsOf(line).slice(5)),
  ];

  expect(commands.length).toBeGreaterThan(20);
  expect(commands.map(problemOf).filter((problem) => problem !== undefined)).toEqual([]);
});

test('names services, metrics and variables that there are', () => {
  const { services } = readCompose();
  const named = lines.flatMap(
    (line) => /^docker compose (?:run --rm|exec|restart|cp) ([a-z0-9-]+)/.exec(line)?.[1] ?? [],
  );
  const variables = text.match(/\bPALISADE_[A-Z_]+\b/g) ?? [];
  const known = [...Object.keys({ ...VARIABLES, ...OTHER_VARIABLES }), 'PALISADE_DATABASE_URL_FILE'];
  const metrics = spans.filter((code) => /^palisade_[a-z_]+$/.test(code));

  expect(named.filter((name) => !Object.hasOwn(services, name))).toEqual([]);
  expect(variables.filter((name) => !known.includes(name))).toEqual([]);
  expect(metrics.filter((name) => !SERIES.has(name) && !ROLES.includes(name))).toEqual([]);
});

const ROLES = ['palisade_owner', 'palisade_server', 'palisade_serving', 'palisade_erasing'];

function wordsOf(line: string): string[] {
  return (line.match(/"[^"]*"|\S+/g) ?? []).filter((word) => word !== '…');
}
