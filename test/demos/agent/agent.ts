import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { AgentCall, AgentSetting, Deed, Ended } from './messages.ts';

/** An agent that does what its script says, through a runtime that asks before it acts. */
export interface Agent {
  /** @param method of `palisade.v1.AuthorizationService`. @throws Error where the runtime ends instead of an answer. */
  call(method: string, message: AgentCall['message']): Promise<Ended>;
  /** What was done so far, by the decision that allowed it. */
  deeds(): Promise<ReadonlyMap<string, Deed>>;
  /** Lets its process end. */
  end(): Promise<void>;
}

/** Starts the runtime of an agent as a process, which ends with this one at the latest. */
export async function startAgent(setting: AgentSetting): Promise<Agent> {
  await mkdir(setting.folder, { recursive: true });
  const runtime = spawn(
    process.execPath,
    [join(import.meta.dirname, 'runtime.ts'), JSON.stringify(setting)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const exited = once(runtime, 'exit');
  const gone = exited.then(([code]) => Promise.reject(new Error(`the agent's runtime ended with ${code}`)));
  gone.catch(() => undefined);
  const waiting = new Map<number, PromiseWithResolvers<Ended>>();
  createInterface({ input: runtime.stdout }).on('line', (line) => {
    const ended = JSON.parse(line) as Ended;
    waiting.get(ended.id)?.resolve(ended);
    waiting.delete(ended.id);
  });
  let calls = 0;

  return {
    call(method, message) {
      const answer = Promise.withResolvers<Ended>();
      const call: AgentCall = { id: calls, method, message };
      calls += 1;
      waiting.set(call.id, answer);
      runtime.stdin.write(`${JSON.stringify(call)}\n`);

      return Promise.race([answer.promise, gone]);
    },

    async deeds() {
      const files = await readdir(setting.folder);
      const deeds = files.map(async (file) => {
        const deed = JSON.parse(await readFile(join(setting.folder, file), 'utf8')) as Deed;

        return [file.replace('.json', ''), deed] as const;
      });

      return new Map(await Promise.all(deeds));
    },

    async end() {
      runtime.stdin.end();
      await exited;
    },
  };
}
