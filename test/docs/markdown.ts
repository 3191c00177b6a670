import { globSync, readFileSync } from 'node:fs';

/** A fenced block of a page. */
export interface Block {
  readonly language: string;
  readonly text: string;
}

/** Every page that a reader may follow a link to. */
export const PAGES = globSync(['*.md', 'docs/**/*.md', 'policies/*/README.md']).sort();

/** The fenced blocks of a page, in their order. */
export function blocksOf(page: string, ...languages: readonly string[]): Block[] {
  const blocks = [...readFileSync(page, 'utf8').matchAll(/^```(\w*)\n(.*?)^```$/gms)];

  return blocks
    .map(([, language = '', text = '']) => ({ language, text }))
    .filter(({ language }) => languages.includes(language));
}
