import type { JsonMembers } from '../agent/messages.ts';
import type { Demo, ToolCall } from '../demo.ts';
import { allowed, forbidden } from '../wanted.ts';

const PEOPLE = ['ada', 'bob', 'eve'] as const;
type Person = (typeof PEOPLE)[number];
/** The conversation that each of them has: it is marked by what was recalled into it. */
type Runs = Readonly<Record<Person, string>>;
const MINUTE_MS = 60_000;

export const sharedContext: Demo = {
  name: 'shared-context',
  about: 'an assistant that many people talk with, and that tells nobody what is not theirs',
  stores: { assistant: 'policies/shared-context' },
  agents: [{ name: 'assistant', store: 'assistant', principals: PEOPLE.map((name) => `User::"${name}"`) }],

  async play({ tell, show, ask, startRun, endRun, palisade, expect }) {
    tell('Ada tells the assistant in private what the new prices will be. It remembers that, for her.');
    const ada = await startRun('assistant', 'User::"ada"');
    const bob = await startRun('assistant', 'User::"bob"');
    const eve = await startRun('assistant', 'User::"eve"');
    const runs: Runs = { ada, bob, eve };
    const prices: Memory = { owner: 'ada', scope: 'private', label: 'internal' };
    await ask('assistant', save(runs, 'ada', 'prices', prices, ALONE), allowed('save-own-memory'));
    await ask('assistant', recall(runs, 'ada', 'prices', prices, ALONE), allowed('recall-own-memory'));

    tell('Bob asks what Ada said of prices. The assistant must not even say that there is something.');
    await ask('assistant', recall(runs, 'bob', 'prices', prices, ALONE), forbidden('no-cross-user-recall'));

    tell('Ada asks in the room of the finance team, where others read the answer.');
    const inRoom = recall(runs, 'ada', 'prices', prices, FINANCE_ROOM);
    await ask('assistant', inRoom, forbidden('no-private-memory-in-shared-rooms'));

    tell(
      'In private she has it moved to the space of the finance team. The move has a record: what, from where, to where.',
    );
    const shared: Memory = { ...prices, scope: 'shared', space: 'finance' };
    const moved = move(runs, 'ada', ['prices', prices], ['prices-of-finance', shared]);
    const { record } = await ask('assistant', moved, allowed('writers-save-shared-memory'));
    for (const path of ['runtime.from', 'runtime.to']) show(path, record.disclosed?.[path]);
    expect(record.disclosed?.['runtime.from'] !== undefined, 'the record says where it comes from');

    tell('Now Bob is told, in that room. Eve of sales is not, whichever room she asks in.');
    const ofFinance = recall(runs, 'bob', 'prices-of-finance', shared, FINANCE_ROOM);
    await ask('assistant', ofFinance, allowed('members-recall-shared-memory'));
    const ofSales = recall(runs, 'eve', 'prices-of-finance', shared, ALONE);
    await ask('assistant', ofSales, forbidden('shared-memory-is-for-members'));

    tell("Bob would pass it on to everybody. It is Ada's.");
    const forAll: Memory = { owner: 'bob', scope: 'shared', space: 'all-hands', label: 'internal' };
    const passedOn = move(runs, 'bob', ['prices-of-finance', shared], ['prices-for-all', forAll]);
    await ask('assistant', passedOn, forbidden('only-owners-move', 'shared-memory-is-written-by-writers'));

    tell("Ada's notes on salaries are confidential. They do not fit under the ceiling of the space for all.");
    const salaries: Memory = { owner: 'ada', scope: 'private', label: 'confidential' };
    const confidential: Memory = { ...salaries, scope: 'shared', space: 'all-hands' };
    const above = move(runs, 'ada', ['salaries', salaries], ['salaries-for-all', confidential]);
    await ask('assistant', above, forbidden('within-the-ceiling-of-the-space'));

    tell('The model has an idea: call them internal on the way. Labels rise, and never fall.');
    const relabelled: Memory = { ...confidential, label: 'internal' };
    const lowered = move(runs, 'ada', ['salaries', salaries], ['salaries-for-all', relabelled]);
    await ask('assistant', lowered, forbidden('labels-never-fall-on-the-way'));

    tell(
      'Ada asks what her notes say, and then has a summary kept for all, as internal: it is new, and so has no label yet.',
    );
    await ask('assistant', recall(runs, 'ada', 'salaries', salaries, ALONE), allowed('recall-own-memory'));
    const summary: Memory = { ...salaries, label: 'internal' };
    await ask('assistant', save(runs, 'ada', 'summary', summary, ALONE), forbidden('labels-flow-on'));
    await endRun('assistant', ada);
    const next = { ...runs, ada: await startRun('assistant', 'User::"ada"') };
    await ask('assistant', save(next, 'ada', 'lunch', summary, ALONE), allowed('save-own-memory'));

    tell('A runtime says that it moves something into private memory, and would keep it in public.');
    const news: Memory = { owner: 'ada', scope: 'private', label: 'public' };
    const published: Memory = { ...news, scope: 'public' };
    const untold = move(next, 'ada', ['news', news], ['news-for-all', published], news);
    await ask('assistant', untold, forbidden('moves-are-recorded-as-they-are'));

    tell("A customer's telephone number stays where it is until the scanner says that it was taken out.");
    const note: Memory = { owner: 'ada', scope: 'private', label: 'internal' };
    const toAll: Memory = { ...note, scope: 'shared', space: 'all-hands' };
    const raw = move(next, 'ada', ['note', note], ['note-for-all', { ...toAll, personalData: 'raw' }]);
    await ask('assistant', raw, forbidden('no-personal-data-shared'));
    const redacted = move(
      next,
      'ada',
      ['note', note],
      ['note-for-all', { ...toAll, personalData: 'redacted' }],
    );
    await ask('assistant', redacted, allowed('writers-save-shared-memory'));

    tell('What was to be remembered for a month is gone after it.');
    const expired: Memory = { ...toAll, expiresAt: new Date(Date.now() - MINUTE_MS).toISOString() };
    const late = recall(runs, 'eve', 'note-for-all', expired, ALONE);
    await ask('assistant', late, forbidden('expired-memory-is-gone'));

    tell('Everything that moved between scopes, as the log has it.');
    await palisade('admin', ['log', 'query', '--action', 'Action::"memory_move"', '--decision', 'allow']);
  },
};

/** What the memory service has of a memory, in the names of entities. */
interface Memory {
  readonly owner: string;
  readonly scope: 'private' | 'shared' | 'public';
  readonly space?: string;
  readonly label: string;
  readonly expiresAt?: string;
  readonly personalData?: 'raw' | 'redacted';
}

/** Where the answer is read. */
const ALONE = { conversation: 'private' };
const FINANCE_ROOM = { conversation: 'shared', space: { type: 'Space', id: 'finance' } };

function save(runs: Runs, who: Person, id: string, memory: Memory, runtime: JsonMembers): ToolCall {
  return { ...toolCall(runs, who, 'memory_save', id, memory), context: { runtime } };
}

function recall(runs: Runs, who: Person, id: string, memory: Memory, runtime: JsonMembers): ToolCall {
  return {
    ...toolCall(runs, who, 'memory_recall', id, memory),
    context: { runtime: { ...runtime, label: memory.label } },
  };
}

/** @param told where it goes, as the runtime tells it. */
function move(
  runs: Runs,
  who: Person,
  [from, source]: readonly [string, Memory],
  [to, target]: readonly [string, Memory],
  told: Memory = target,
): ToolCall {
  const runtime = {
    ...ALONE,
    from: { memory: from, owner: { type: 'User', id: source.owner }, ...placeOf(source) },
    to: placeOf(told),
  };

  return { ...toolCall(runs, who, 'memory_move', to, target), context: { runtime } };
}

function toolCall(runs: Runs, who: Person, action: string, id: string, memory: Memory): ToolCall {
  const { owner, expiresAt, personalData } = memory;
  const entity = {
    uid: { type: 'Memory', id },
    attrs: {
      owner: { type: 'User', id: owner },
      ...placeOf(memory),
      ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
    },
    parents: [],
    tags: { scan: 'done', ...(personalData === undefined ? {} : { personal_data: personalData }) },
  };

  return {
    principal: `User::"${who}"`,
    action,
    resource: `Memory::"${id}"`,
    entities: [entity],
    run: runs[who],
  };
}

function placeOf({ scope, space, label }: Memory) {
  return {
    scope: { type: 'Scope', id: scope },
    ...(space === undefined ? {} : { space: { type: 'Space', id: space } }),
    label: { type: 'Label', id: label },
  };
}
