import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { useWorld } from '../support/use-world.ts';
import type { Demo } from './demo.ts';
import { DEMOS } from './demos.ts';
import { run } from './run.ts';
import { openStage } from './stage.ts';
import { Unexpected } from './wanted.ts';

const TIMEOUT_MS = 180_000;

/** As a script, each has one of its own; here they share it, each with stores of its own. */
const stage = useWorld((world) => openStage(world, { withoutTests: true }));

describe.each(DEMOS)('the demo $name', (demo) => {
  test('ends as it is told, on three replicas, with a log that is whole', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const lines: string[] = [];
    const code = await run(demo, {
      withStage: (body) => body(Promise.resolve(stage())),
      print: (line) => lines.push(line),
    });

    expect(code, lines.join('\n')).toBe(0);
    expect(lines.join('\n')).toContain('whole: no gap, no edit, no fork.');
    expect(lines.filter((line) => /by pdp-[123]$/.test(line)).length).toBeGreaterThan(5);
  });
});

describe('a demo whose story is not what happens', () => {
  const [any] = DEMOS as readonly [Demo];

  test.each([
    ['at an unexpected answer', new Unexpected('wanted deny'), /Not as told: wanted deny\.$/],
    ['where something breaks', new TypeError('no such thing'), /Broken off: TypeError: no such thing/],
  ])('ends with exit code 1 %s, and says so', async (_where, thrown, said) => {
    const lines: string[] = [];
    const code = await run(any, {
      withStage: () => Promise.reject(thrown),
      print: (line) => lines.push(line),
    });

    expect(code).toBe(1);
    expect(lines.at(-1)).toMatch(said);
  });

  test('ends with the exit code of an interrupted command where somebody interrupts', async () => {
    const code = await run(any, {
      withStage: (body) => body(new Promise(() => undefined)),
      print: () => undefined,
      stopped: Promise.resolve(),
    });

    expect(code).toBe(130);
  });
});

describe('the command', () => {
  test('names every demo that there is', async () => {
    const { stdout } = await command('--list');

    expect(stdout.trim().split('\n')).toEqual(DEMOS.map(({ name }) => name));
  });

  test('refuses another name, and says which there are', async () => {
    const refused = command('trading', 'receipts');

    await expect(refused).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('coding-agent') });
  });
});

function command(...args: readonly string[]) {
  return promisify(execFile)(process.execPath, ['test/demos/main.ts', ...args]);
}
