import { beforeAll, describe, expect, test } from 'vitest';
import type { CompiledBundle } from '../../services/bundles/compile.ts';
import { LIMITS } from '../../services/engine/limits.ts';
import { parseJson } from '../../services/engine/raw/json.ts';
import { constraints } from '../../services/pdp/constraints.ts';
import { afterChanges, NOTHING_HELD } from '../../services/pdp/entities/held-entities.ts';
import { NO_ENTITIES, readBy } from '../../services/pdp/entities/store-entities.ts';
import { EMPTY_SNAPSHOT, type Monitoring, type Snapshot } from '../../services/pdp/snapshot.ts';
import type { Caller, ConstraintsCall, ConstraintsReply } from '../../services/pdp/types.ts';
import { compile } from './support/bundle.ts';
import { callerOf, scopeOf } from './support/calls.ts';
import { nothingAt } from './support/entities.ts';

const SCHEMA = `
entity Agent in [Team] { level: Long, lead?: Agent };
entity Team, Folder, Tool;
entity Doc in [Folder] { open: Bool };
action read appliesTo { principal: Agent, resource: [Doc, Tool], context: { urgent?: Bool } };
action write appliesTo { principal: Agent, resource: Doc, context: { size: Long } };
action purge, follow, call appliesTo { principal: Agent, resource: Doc };
action report appliesTo { principal: Tool, resource: Doc };
`;
const POLICIES = `
@id("read-open") permit(principal, action == Action::"read", resource is Doc) when { resource.open || principal.level > 3 };
@id("never-urgent") forbid(principal, action == Action::"read", resource) when { context has urgent && context.urgent && principal.level < 2 };
@id("write-drafts") permit(principal in Team::"writers", action == Action::"write", resource in Folder::"drafts")
when { context.size < principal.level * 100 };
@id("purge") permit(principal, action == Action::"purge", resource);
@id("purge-high") forbid(principal, action == Action::"purge", resource) unless { principal.level > 8 };
@id("follow") permit(principal, action == Action::"follow", resource) when { principal has lead && principal.lead.level > 5 };
@id("call") permit(principal, action == Action::"call", resource);
@id("call-fails") forbid(principal, action == Action::"call", resource) when { principal.level * 9223372036854775807 > 100 };
`;

let bundle: CompiledBundle;
beforeAll(async () => {
  bundle = await compile(filesOf(SCHEMA, POLICIES));
});

function filesOf(schema: string, policies: string, agents = 'request'): ReadonlyMap<string, Uint8Array> {
  const texts = {
    'bundle.yaml': `format_version: 1
name: team
version: 1.0.0
description: What a team may do
owners: [tests]
entity_sources: { Agent: ${agents}, Team: ${agents}, Doc: request, Folder: request, Tool: request }
`,
    'schema.cedarschema': schema,
    'policies.cedar': policies,
  };

  return new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]));
}

function snapshotOf(monitoring?: Monitoring, one = bundle, entities = nothingAt(7n)): Snapshot {
  const staged =
    monitoring === undefined ? {} : { staged: { canary: undefined, shadow: undefined, monitoring } };
  const state = { name: 'default', sequence: 7n, bundle: one, entities, ...staged };

  return { ...EMPTY_SNAPSHOT, stores: new Map([['default', state]]) };
}

function agent(level: number, parents: readonly string[] = [], attributes: object = {}) {
  return {
    uid: { type: 'Agent', id: 'a' },
    attrs: { level, ...attributes },
    parents: parents.map((id) => ({ type: 'Team', id })),
  };
}

function asked(entity: object, changes: Partial<ConstraintsCall> = {}): ConstraintsCall {
  return {
    principal: { type: 'Agent', id: 'a' },
    actions: [],
    resource_types: [],
    entities: parseJson(JSON.stringify([entity]), 'entities'),
    policy_store: '',
    request_id: 'q-1',
    run: null,
    detail: 'full',
    expected_bundle_digest: '',
    at_least_sequence: 0n,
    ...changes,
  };
}

const PATH = { now: () => 1_000, refuseStale: () => undefined, isFallback: () => false };
const READER = callerOf({ full_detail: true });

function ask(
  call: ConstraintsCall,
  { snapshot = snapshotOf(), caller = READER, path = PATH }: Options = {},
): Promise<ConstraintsReply> {
  return constraints(path, snapshot, call, scopeOf({ caller }));
}

interface Options {
  readonly snapshot?: Snapshot;
  readonly caller?: Caller;
  readonly path?: typeof PATH;
}

/** `action type` of all that could be allowed. */
function possible({ actions }: ConstraintsReply): readonly string[] {
  return actions.flatMap(({ action, resource_types }) =>
    resource_types.filter((one) => one.possible).map(({ type }) => `${action.id} ${type}`),
  );
}

/** The residuals of one action on one type, as lines. */
function residuals({ actions }: ConstraintsReply, id: string, type = 'Doc'): readonly string[] | undefined {
  return actions
    .find(({ action }) => action.id === id)
    ?.resource_types.find((one) => one.type === type)
    ?.residuals?.map(
      ({ policyId, effect, resource, condition }) => `${policyId}: ${effect} ${resource} if ${condition}`,
    );
}

describe('which actions are possible', () => {
  test('is told of each action that the schema has for the type of the principal', async () => {
    const reply = await ask(asked(agent(3)));

    expect(reply.actions.map(({ action, possible: is }) => `${action.id} ${is}`)).toEqual([
      'call false',
      'follow false',
      'purge false',
      'read true',
      'write false',
    ]);
    expect(possible(reply)).toEqual(['read Doc']);
    expect(reply).toMatchObject({ request_id: 'q-1', state_sequence: 7n, evaluated_at: 1_000 });
    expect(reply.bundle.digest).toBe(bundle.ref.digest);
  });

  test('follows from what the principal is and stands in', async () => {
    expect(possible(await ask(asked(agent(9, ['writers']))))).toEqual(['purge Doc', 'read Doc', 'write Doc']);
  });

  test('excludes what a forbid fails on for every resource', async () => {
    expect(possible(await ask(asked(agent(0))))).toContain('call Doc');
    expect(possible(await ask(asked(agent(2))))).not.toContain('call Doc');
  });

  test('leaves open what an entity decides that only later requests bring', async () => {
    const lead = { lead: { __entity: { type: 'Agent', id: 'boss' } } };
    const boss = { uid: { type: 'Agent', id: 'boss' }, attrs: { level: 1 }, parents: [] };
    const both = parseJson(JSON.stringify([agent(3, [], lead), boss]), 'entities');

    expect(possible(await ask(asked(agent(3, [], lead))))).toContain('follow Doc');
    expect(possible(await ask(asked(agent(3), { entities: both })))).not.toContain('follow Doc');
  });

  test('is told of the actions and types that are asked for alone', async () => {
    const actions = [
      { type: 'Action', id: 'read' },
      { type: 'Action', id: 'report' },
    ];
    const reply = await ask(asked(agent(3), { actions, resource_types: ['Tool'] }));

    expect(reply.actions).toMatchObject([
      { action: actions[0], possible: false, resource_types: [{ type: 'Tool', possible: false }] },
      { action: actions[1], possible: false, resource_types: [] },
    ]);
  });
});

describe('a bundle that reads the store', () => {
  test('is judged by what the store holds, and by nothing else', async () => {
    const stored = await compile(filesOf(SCHEMA, POLICIES, 'store'));
    const writers = { uid: { type: 'Team', id: 'writers' }, attrs: {}, parents: [] };
    const told = [agent(9, ['writers']), writers].map((entity) => ({
      ...entity.uid,
      document: JSON.stringify({ ...entity, tags: {} }),
      sequence: 7n,
    }));
    const entities = await readBy([stored], afterChanges(NOTHING_HELD, told, 7n), NO_ENTITIES);
    const call = asked({}, { entities: [] });

    expect(possible(await ask(call, { snapshot: snapshotOf(undefined, stored, entities) }))).toEqual([
      'purge Doc',
      'read Doc',
      'write Doc',
    ]);
    await expect(ask(call, { snapshot: snapshotOf(undefined, stored) })).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});

describe('residuals', () => {
  test('hold what is left of the conditions, and which resources the head leaves', async () => {
    const reply = await ask(asked(agent(3, ['writers'])));

    expect(residuals(reply, 'read')).toEqual([
      'read-open: permit resource is Doc if resource.open',
      // Never true, but if a part of it failed, it would deny.
      'never-urgent: forbid resource if context has urgent && context.urgent && false',
    ]);
    expect(residuals(reply, 'write')).toEqual([
      'write-drafts: permit resource in Folder::"drafts" if context.size < 300',
    ]);
  });

  test('keep a forbid that may still match', async () => {
    expect(residuals(await ask(asked(agent(1))), 'read')).toContain(
      'never-urgent: forbid resource if context has urgent && context.urgent',
    );
  });

  test('are told to a credential with full detail alone, and where it asks for them', async () => {
    const reply = await ask(asked(agent(3), { detail: 'basic' }));

    expect(residuals(reply, 'read')).toBeUndefined();
    await expect(ask(asked(agent(3)), { caller: callerOf() })).rejects.toMatchObject({
      code: 'permission_denied',
      field: 'detail',
    });
  });
});

describe('where policies are only monitored', () => {
  test('a forbid that is named makes nothing impossible', async () => {
    const policies = new Set(['purge-high']);
    const without = new Map([[bundle, await bundle.without(policies)]]);
    const reply = await ask(asked(agent(3)), { snapshot: snapshotOf({ policies, without }) });

    expect(possible(reply)).toEqual(['purge Doc', 'read Doc']);
    expect(reply.enforcement).toBe('monitored');
  });

  test('nothing is impossible where all of them are', async () => {
    const snapshot = snapshotOf({ policies: undefined, without: new Map() });

    expect((await ask(asked(agent(3)), { snapshot })).actions.every((action) => action.possible)).toBe(true);
  });
});

describe('refused is', () => {
  test.each([
    ['a principal of no type', { principal: { type: 'Nobody', id: 'a' } }, 'invalid_request', 'principal'],
    ['a principal whose entity is left out', { entities: [] }, 'invalid_request', 'principal'],
    ['an action of no schema', { actions: [{ type: 'Action', id: 'x' }] }, 'invalid_request', 'actions[0]'],
    ['a type of no schema', { resource_types: ['X'] }, 'invalid_request', 'resource_types[0]'],
    [
      'another digest',
      { expected_bundle_digest: 'sha256:0' },
      'precondition_failed',
      'expected_bundle_digest',
    ],
    ['a later state', { at_least_sequence: 8n }, 'unavailable', 'at_least_sequence'],
    ['a foreign store', { policy_store: 'other' }, 'permission_denied', 'policy_store'],
  ])('%s', async (_what, changes, code, field) => {
    await expect(ask(asked(agent(3), changes))).rejects.toMatchObject({ code, field });
  });

  test('a principal that the credential does not name, and a credential that administers', async () => {
    for (const changes of [{ principals: [{ type: 'Agent', ids: ['b'] }] }, { roles: ['admin' as const] }]) {
      const caller = callerOf({ full_detail: true, ...changes });

      await expect(ask(asked(agent(3)), { caller })).rejects.toMatchObject({ code: 'permission_denied' });
    }
  });

  test('a bundle that the compiled evaluator judges other than Cedar', async () => {
    await expect(ask(asked(agent(3)), { path: { ...PATH, isFallback: () => true } })).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  test('more work than the limit', async () => {
    const count = 250;
    const names = Array.from({ length: count }, (_, index) => `a${index}`);
    const wide = await compile(
      filesOf(
        `entity Agent, Team, Folder, Tool, Doc; action ${names.join()} appliesTo { principal: Agent, resource: Doc };`,
        Array.from({ length: 100 }, (_, at) => `@id("p${at}") permit(principal, action, resource);`).join(
          '\n',
        ),
      ),
    );
    const call = asked({}, { entities: [] });

    await expect(ask(call, { snapshot: snapshotOf(undefined, wide) })).rejects.toMatchObject({
      code: 'too_large',
      limit: { name: 'constraints_work', max: LIMITS.constraints_work },
    });
    const few = names.slice(0, 90).map((id) => ({ type: 'Action', id }));
    const reply = await ask({ ...call, actions: few }, { snapshot: snapshotOf(undefined, wide) });
    expect(possible(reply)).toHaveLength(90);
  });
});
