import { spawnSync } from 'node:child_process';
import { expect } from 'vitest';
import type { Block } from './markdown.ts';
import { openTerminal, type Shell, type Terminal } from './shell.ts';

/** Languages that a reader takes for something to type. */
export const SHELLS = ['sh', 'console', 'bash', 'shell', 'zsh'];

/** What a comment `<!-- run: … -->` may say. */
export const RUN = {
  /** Not run, for the reason that stands behind. */
  skip: /^skip because (.+)$/,
  /** Run where the program is installed. */
  where: /^where (\S+) is installed$/,
  /** A server; the blocks that follow find it running. */
  aside: /^in another terminal$/,
} as const;

/** Runs blocks in order in one terminal, as a reader does, and looks whether each does what the page says. */
export async function follow(blocks: readonly Block[], shell: Shell): Promise<void> {
  const terminal = openTerminal(shell);
  let printed = '';
  try {
    for (const block of blocks) {
      if (isRun(block)) printed = await runAsShown(block, terminal);
      if (block.language === 'text') expectLines(printed, block.text);
    }
  } finally {
    await terminal.close();
  }
}

function isRun({ language, run = '' }: Block): boolean {
  if (!SHELLS.includes(language) || RUN.skip.test(run)) return false;
  const program = RUN.where.exec(run)?.[1];

  return program === undefined || spawnSync('bash', ['-c', `command -v ${program}`]).status === 0;
}

async function runAsShown({ text }: Block, terminal: Terminal): Promise<string> {
  const printed = await terminal.run(text);
  // A comment `# shows …` says what is printed. A refusal over HTTP is no failure of curl's.
  const shown = [...text.matchAll(/(?:^| )# shows (.+)$/gm)].map(([, what = '']) => what);
  for (const what of shown) expect(printed).toContain(what);
  if (!shown.some((what) => what.includes('"code"'))) expect(printed).not.toContain('urn:palisade:problem');

  return printed;
}

function expectLines(printed: string, shown: string): void {
  for (const line of shown.split('\n')) expect(printed).toContain(line);
}
