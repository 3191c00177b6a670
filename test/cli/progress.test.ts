import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { withProgress } from '../../services/cli/progress.ts';

function terminal(isTTY = true) {
  const written: string[] = [];

  return { isTTY, written, write: (text: string) => written.push(text) };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('withProgress', () => {
  test('says what goes on after a second, and takes it back when it is done', async () => {
    const output = terminal();
    const done = Promise.withResolvers<string>();
    const work = (onProgress: (state: string) => void): Promise<string> => {
      onProgress('test 12');

      return done.promise;
    };
    const running = withProgress('checking', work, output);

    await vi.advanceTimersByTimeAsync(900);
    expect(output.written).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(output.written.at(-1)).toBe('\r\u{1b}[Kchecking, 1 s: test 12');

    done.resolve('result');
    expect(await running).toBe('result');
    expect(output.written.at(-1)).toBe('\r\u{1b}[K');
  });

  test('takes it back where the work fails', async () => {
    const output = terminal();
    const done = Promise.withResolvers<never>();
    const running = withProgress('checking', () => done.promise, output);

    await vi.advanceTimersByTimeAsync(1_500);
    done.reject(new Error('no'));
    await expect(running).rejects.toThrow('no');
    expect(output.written.at(-1)).toBe('\r\u{1b}[K');
  });

  test('writes nothing where no person looks on', async () => {
    const output = terminal(false);
    const done = Promise.withResolvers<void>();
    const running = withProgress('checking', () => done.promise, output);

    await vi.advanceTimersByTimeAsync(5_000);
    done.resolve();
    await running;
    expect(output.written).toEqual([]);
  });
});
