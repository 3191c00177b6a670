import { isDeepStrictEqual } from 'node:util';
import { uidOf } from '../support/question.ts';
import { type Administration, administer } from '../support/shared-store.ts';
import type { Agent } from './agent/agent.ts';
import type { Ended, JsonMembers, Reply } from './agent/messages.ts';
import { messageOf } from './authorize-message.ts';
import { cedarText } from './cedar-text.ts';
import { commandLine, runPalisade } from './command-line.ts';
import type { LoggedDecision, Scene, ToolCall } from './demo.ts';
import type { Narrator } from './narrator.ts';
import { markedBy, tellAnswer, tellCall, tellCounts, tellReport } from './telling.ts';
import { eventually } from './waiting.ts';
import { differenceOf, Unexpected } from './wanted.ts';

export interface SceneParts {
  readonly administration: Administration;
  /** By the names that the story has for them. */
  readonly agents: ReadonlyMap<string, StoreAgent>;
  /** Of the people, and of `admin`. */
  readonly tokens: ReadonlyMap<string, string>;
  readonly narrator: Narrator;
}

/** An agent, and the store that it asks. */
export interface StoreAgent {
  readonly agent: Agent;
  readonly store: string;
}

export function createScene({ administration, agents, tokens, narrator }: SceneParts): Scene {
  return {
    tell: narrator.step,

    show(label, value = 'nothing') {
      narrator.detail(label, typeof value === 'string' ? value : cedarText(value));
    },

    async ask(name, call, wanted) {
      tellCall(narrator, call);
      const reply = replyOf(await decide(name, call), call.action);
      const record = await recordOf(administration, reply);
      tellAnswer(narrator, reply, record);
      const differs = differenceOf(wanted, reply, record);
      if (differs !== undefined) throw new Unexpected(`${call.action}: ${differs}`);

      return { reply, record };
    },

    async askAtOnce(name, calls, wanted) {
      const ended = await Promise.all(calls.map((call) => decide(name, call)));
      const replies = ended.flatMap(({ reply }) => reply ?? []);
      const counts = countsOf(ended.map(({ reply, error }) => reply?.reason_code ?? String(error)));
      narrator.detail('asked', `${calls.length} times at once, over all replicas`);
      tellCounts(narrator, counts);
      if (!isDeepStrictEqual(counts, wanted)) throw new Unexpected(`wanted ${JSON.stringify(wanted)}`);

      return replies;
    },

    async askInVain(name, call, wanted) {
      tellCall(narrator, call);
      const { error } = await decide(name, call);
      narrator.detail('refused', error ?? 'not at all');
      if (error?.includes(wanted) !== true)
        throw new Unexpected(`${call.action} is not refused with ${wanted}`);
    },

    async report(name, { reply: { decision_id } }, report, charged) {
      const settledBy = replyOf(await call(name, 'ReportOutcome', { decision_id, ...report }), 'the report');
      tellReport(narrator, report, settledBy);
      const { limits = [] } = settledBy;
      const settled = Object.fromEntries(limits.map((limit) => [limit.name, Number(limit.charged)]));
      if (!isDeepStrictEqual(settled, charged)) {
        throw new Unexpected(`the report is settled as ${JSON.stringify(settled)}`);
      }
    },

    async startRun(name, principal, parent = '') {
      const message = {
        principal: uidOf(principal),
        policy_store: agentOf(name).store,
        parent_run_id: parent,
      };
      const { run_id: run = '', labels = [] } = replyOf(await call(name, 'StartRun', message), 'the run');
      const above = parent === '' ? '' : `, in ${parent}`;
      narrator.detail('run', `${run} of ${principal}${above}${markedBy(labels)}`);

      return run;
    },

    async endRun(name, run) {
      const { labels = [], steps } = replyOf(await call(name, 'EndRun', { run_id: run }), 'the run');
      narrator.detail('run ended', `${run} after ${steps} calls that count${markedBy(labels)}`);
    },

    waitFor(name, approval, wanted) {
      const heard = hear(name, approval, wanted);
      // The story goes on meanwhile, and may end before it looks.
      heard.catch(() => undefined);

      return heard;
    },

    async palisade(who, args, refused) {
      const token = tokens.get(who);
      if (token === undefined) throw new Error(`there is nobody called ${who}`);
      narrator.output(`${who}$ ${commandLine(args)}`);
      const { printed, failed } = await runPalisade(args, administration, token);
      for (const line of printed.trimEnd().split('\n')) narrator.output(line);
      const isWanted = refused === undefined ? !failed : failed && printed.includes(refused);
      if (!isWanted) throw new Unexpected(`${commandLine(args)} ended otherwise`);

      return printed;
    },

    expect(holds, what) {
      if (!holds) throw new Unexpected(`it does not hold that ${what}`);
    },
  };

  async function hear(name: string, approval: string, wanted: string): Promise<void> {
    narrator.detail('waits', `for people to answer ${approval}`);
    const message = { approval_id: approval, policy_store: agentOf(name).store };
    const reply = replyOf(await call(name, 'WaitForApproval', message), 'the approval');
    const { status = '' } = reply.approval ?? {};
    narrator.detail('is told', status);
    if (status !== wanted) throw new Unexpected(`the approval is ${status}, and not ${wanted}`);
  }

  function decide(name: string, asked: ToolCall): Promise<Ended> {
    return call(name, 'Authorize', messageOf(asked, agentOf(name).store));
  }

  function call(name: string, method: string, message: JsonMembers): Promise<Ended> {
    return agentOf(name).agent.call(method, message);
  }

  function agentOf(name: string): StoreAgent {
    const agent = agents.get(name);
    if (agent === undefined) throw new Error(`there is no agent ${name}`);

    return agent;
  }
}

function replyOf({ reply, error }: Ended, what: string): Reply {
  if (reply === undefined) throw new Unexpected(`${what} was not decided: ${error}`);

  return reply;
}

/** The record of a reply, once it has come from the replica's disk into PostgreSQL. */
function recordOf(administration: Administration, { decision_id }: Reply): Promise<LoggedDecision> {
  return eventually(`decision ${decision_id} is in the log`, async () => {
    const { status, body } = await administer(administration, 'GET', `/v1/decisions/${decision_id}`);

    return status === 200 ? (body as unknown as LoggedDecision) : undefined;
  });
}

function countsOf(codes: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const code of codes) counts[code] = (counts[code] ?? 0) + 1;

  return counts;
}
