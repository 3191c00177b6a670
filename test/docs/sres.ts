import { readFileSync } from 'node:fs';
import { type Block, blocksIn } from './markdown.ts';

/** Here the guide leaves the database of `npm start` for one of the reader's own. */
const PRODUCTION = '\n## A PostgreSQL of your own\n';

/** The blocks that need nothing but `npm start`. */
export function walkOf(page: string): Block[] {
  return blocksIn(partsOf(page)[0]);
}

/** The blocks that begin with an empty PostgreSQL. */
export function productionOf(page: string): Block[] {
  return blocksIn(partsOf(page)[1]);
}

function partsOf(page: string): [string, string] {
  const [walk, production, ...more] = readFileSync(page, 'utf8').split(PRODUCTION);
  if (walk === undefined || production === undefined || more.length > 0) {
    throw new Error(`${page} needs exactly one heading${PRODUCTION}`);
  }

  return [walk, production];
}
