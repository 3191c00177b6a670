import { execFile } from 'node:child_process';
import { isDeepStrictEqual, promisify } from 'node:util';
import { uidOf } from '../support/question.ts';
import { type Administration, administer } from '../support/shared-store.ts';
import type { Agent } from './agent/agent.ts';
import type { Ended, JsonMembers, LimitState, Reply } from './agent/messages.ts';
import { cedarText } from './cedar-text.ts';
import { type LoggedDecision, type Scene, type ToolCall, Unexpected, type Wanted } from './demo.ts';
import type { Narrator } from './narrator.ts';
import { eventually } from './waiting.ts';

export interface SceneParts {
  readonly administration: Administration;
  /** By the names that the story has for them. */
  readonly agents: ReadonlyMap<string, StoreAgent>;
  readonly narrator: Narrator;
}

/** An agent, and the store that it asks. */
export interface StoreAgent {
  readonly agent: Agent;
  readonly store: string;
}

export function createScene({ administration, agents, narrator }: SceneParts): Scene {
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
      narrator.detail(
        'answered',
        Object.entries(counts)
          .map(([code, count]) => `${count} × ${code}`)
          .join(', '),
      );
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

    async palisade(...args) {
      narrator.output(`$ palisade ${args.map(shellWord).join(' ')}`);
      const { stdout } = await promisify(execFile)(process.execPath, ['services/cli/palisade.js', ...args], {
        env: {
          PATH: process.env['PATH'],
          PALISADE_ADMIN_URL: `http://${administration.addresses.admin}`,
          PALISADE_TOKEN: administration.adminToken,
        },
      });
      for (const line of stdout.trimEnd().split('\n')) narrator.output(line);

      return stdout;
    },

    expect(holds, what) {
      if (!holds) throw new Unexpected(`it does not hold that ${what}`);
    },
  };

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

function markedBy(labels: readonly string[]): string {
  return labels.length === 0 ? '' : `, marked by ${labels.join(', ')}`;
}

function messageOf(asked: ToolCall, store: string): JsonMembers {
  const { principal, action, resource, context, entities, run, members } = asked;

  return {
    principal: uidOf(principal),
    action: { type: 'Action', id: action },
    resource: uidOf(resource),
    ...(context === undefined ? {} : { context_json: JSON.stringify(context) }),
    ...(entities === undefined ? {} : { entities_json: JSON.stringify(entities) }),
    ...(run === undefined ? {} : { run: { run_id: run } }),
    policy_store: store,
    ...members,
  };
}

function shellWord(word: string): string {
  return /^[\w./:=@-]+$/.test(word) ? word : `'${word}'`;
}

function tellCall(narrator: Narrator, { principal, action, resource, context }: ToolCall): void {
  const input = context?.['input'];
  const words = [principal, action, resource, ...(input === undefined ? [] : [JSON.stringify(input)])];
  narrator.detail('asked', words.join(' '));
}

function tellAnswer(narrator: Narrator, reply: Reply, { determining, process }: LoggedDecision): void {
  const { decision = '', reason_code, message, obligations = [], alternatives = [], limits = [] } = reply;
  narrator.detail('answered', `${decision.toLowerCase()}, ${reason_code}, by ${process.process_id}`);
  if (determining.length > 0) narrator.detail('because of', determining.join(', '));
  if (message) narrator.detail('told', message);
  for (const alternative of alternatives) narrator.detail('instead', alternative);
  for (const { id } of obligations) narrator.detail('obliged to', id);
  for (const limit of limits) narrator.detail('limit', limitText(limit));
}

function limitText({ name, used, max, resets_at }: LimitState): string {
  const free =
    resets_at === null
      ? ''
      : `, some of it free again at ${new Date(Number(resets_at.seconds) * 1_000).toISOString()}`;

  return `${name}: ${used} of ${max} used${free}`;
}

function differenceOf(wanted: Wanted, reply: Reply, record: LoggedDecision): string | undefined {
  const { decision = '', reason_code, obligations = [] } = reply;
  const answered = {
    decision: decision.toLowerCase(),
    reason_code,
    ...(wanted.by === undefined ? {} : { by: record.determining }),
    ...(wanted.obligations === undefined ? {} : { obligations: obligations.map(({ id }) => id) }),
  };
  if (isDeepStrictEqual(answered, { ...wanted })) return undefined;

  return `wanted ${JSON.stringify(wanted)}, answered ${JSON.stringify(answered)}`;
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
