import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** A process of the benchmark, which ends with it. */
export interface Helper<Hello> {
  /** What it said first. */
  readonly hello: Hello;
  readonly pid: number;
  /** Sends one message and waits for one. @throws Error where the process ends, or the signal aborts. */
  ask<Answer>(message: object): Promise<Answer>;
  end(): Promise<void>;
}

/**
 * Starts a module of this folder as a process, which sends a message once it is ready.
 * @param flags of Node.
 */
export async function startHelper<Hello>(
  module: string,
  signal: AbortSignal,
  flags: readonly string[] = [],
): Promise<Helper<Hello>> {
  const child = fork(new URL(module, import.meta.url), { execArgv: [...flags] });
  const gone = once(child, 'exit');
  const next = <T>(): Promise<T> => nextMessage(child, module, signal);
  const end = async (): Promise<void> => {
    child.kill('SIGKILL');
    await gone;
  };

  try {
    return {
      hello: await next(),
      pid: child.pid ?? Number.NaN,
      ask(message) {
        const answer = next<never>();
        child.send(message);

        return answer;
      },
      end,
    };
  } catch (thrown) {
    await end();
    throw thrown;
  }
}

function nextMessage<T>(child: ChildProcess, module: string, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    child.on('message', onMessage).on('exit', onExit).on('error', onError);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();

    function onMessage(message: unknown): void {
      settle();
      resolve(message as T);
    }

    function onExit(code: number | null): void {
      onError(new Error(`${module} ended with ${code}`));
    }

    function onAbort(): void {
      onError(signal.reason);
    }

    function onError(error: unknown): void {
      settle();
      reject(error);
    }

    function settle(): void {
      child.off('message', onMessage).off('exit', onExit).off('error', onError);
      signal.removeEventListener('abort', onAbort);
    }
  });
}
