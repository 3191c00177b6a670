import { globSync, readFileSync } from 'node:fs';

/** A fenced block of a page. */
export interface Block {
  readonly language: string;
  readonly text: string;
  /** What the comment `<!-- run: … -->` right above it says; see CONTRIBUTING.md. */
  readonly run: string | undefined;
}

/** Every page that a reader may follow a link to. */
export const PAGES = globSync(['*.md', 'docs/**/*.md', 'policies/*/README.md']).sort();

/** The guides that a newcomer follows from top to bottom. */
export const GUIDES = ['README.md', ...globSync('docs/guide-*.md').sort()];

const FENCED = /(?:^<!-- run: ([^\n]+) -->\n+)?^```(\w*)\n(.*?)^```$/gms;

/** The fenced blocks of a page, in their order; all of them where no language is named. */
export function blocksOf(page: string, ...languages: readonly string[]): Block[] {
  return blocksIn(readFileSync(page, 'utf8')).filter(
    ({ language }) => languages.length === 0 || languages.includes(language),
  );
}

/** The fenced blocks of a text, in their order. */
export function blocksIn(markdown: string): Block[] {
  return [...markdown.matchAll(FENCED)].map(([, run, language = '', text = '']) => ({ language, text, run }));
}

/** A page without its fenced blocks. */
export function proseOf(page: string): string {
  return readFileSync(page, 'utf8').replaceAll(/^```.*?^```$/gms, '');
}
