import { describe, expect, test } from 'vitest';
import { type CompiledBundle, compileBundle } from '../../../services/bundles/compile.ts';
import { openBundle } from '../../../services/bundles/open.ts';
import {
  afterChanges,
  type EntityChange,
  NOTHING_HELD,
} from '../../../services/pdp/entities/held-entities.ts';
import { readHeld } from '../../../services/pdp/entities/read-held.ts';
import { storeBundle } from '../../bundles/stored/store-bundle.ts';

const bundle = await compiled();

async function compiled(changes: Parameters<typeof storeBundle>[0] = {}): Promise<CompiledBundle> {
  const { parts } = openBundle(storeBundle(changes));
  if (parts === undefined) throw new Error('the bundle cannot be read');

  return compileBundle(parts);
}

function user(id: string, sequence: bigint, level: unknown, ...teams: readonly string[]): EntityChange {
  const parents = teams.map((team) => ({ type: 'Team', id: team }));

  return {
    ...{ type: 'User', id, sequence },
    document: JSON.stringify({ uid: { type: 'User', id }, attrs: { level }, parents, tags: {} }),
  };
}

function team(id: string, sequence: bigint, org: string): EntityChange {
  const parents = [{ type: 'Org', id: org }];

  return {
    ...{ type: 'Team', id, sequence },
    document: JSON.stringify({ uid: { type: 'Team', id }, attrs: {}, parents, tags: {} }),
  };
}

describe('what a process holds of a store', () => {
  test('is at the sequence of its newest write, and knows nothing of what was deleted', () => {
    const held = afterChanges(NOTHING_HELD, [user('a', 3n, 1), user('b', 3n, 1), team('t', 5n, 'good')]);
    const after = afterChanges(held, [{ type: 'User', id: 'a', document: null, sequence: 6n }]);

    expect(held).toMatchObject({ sequence: 5n, documents: { size: 3 } });
    expect(after).toMatchObject({ sequence: 6n, documents: { size: 2 } });
    expect(after.documents.get('User::"a"')).toBeUndefined();
    expect(held.documents.get('User::"a"')).toBeDefined();
  });

  test('never goes back, nor takes a write twice', () => {
    const held = afterChanges(NOTHING_HELD, [user('a', 3n, 1)]);

    for (const changes of [[user('a', 2n, 2)], [user('a', 3n, 2)], [user('a', 5n, 2), user('b', 4n, 2)]]) {
      expect(() => afterChanges(held, changes)).toThrow(expect.objectContaining({ code: 'internal' }));
    }
    expect(afterChanges(held, [])).toMatchObject({ sequence: 3n });
  });
});

describe('what a process holds, read by a bundle', () => {
  const held = afterChanges(NOTHING_HELD, [user('a', 1n, 1, 'writers'), team('writers', 1n, 'good')]);

  test('is read again only where it changed, and goes on as it was for who holds it', async () => {
    const read = await readHeld(bundle, held);
    const next = afterChanges(held, [team('writers', 2n, 'evil')]);
    const after = await readHeld(bundle, next, { read, changed: ['Team::"writers"'] });

    expect(after.sequence).toBe(2n);
    expect(after.lone.get('User::"a"')).toBe(read.lone.get('User::"a"'));
    expect(after.entity('User::"a"')?.ancestors).toEqual(new Set(['Team::"writers"', 'Org::"evil"']));
    expect(read.entity('User::"a"')?.ancestors).toEqual(new Set(['Team::"writers"', 'Org::"good"']));
  });

  test('is the same, read at once or change by change', async () => {
    const next = afterChanges(held, [
      user('b', 2n, 2, 'writers'),
      { type: 'User', id: 'a', document: null, sequence: 3n },
    ]);
    const step = await readHeld(bundle, next, {
      read: await readHeld(bundle, held),
      changed: ['User::"a"', 'User::"b"'],
    });

    expect(new Map(step.lone.entries())).toEqual(new Map((await readHeld(bundle, next)).lone.entries()));
    expect(step.entity('User::"a"')).toBeUndefined();
  });

  test('is read in whole or not at all: one entity that does not fit refuses it, by name', async () => {
    const broken = afterChanges(held, [user('x', 2n, 'high')]);

    await expect(readHeld(bundle, broken)).rejects.toMatchObject({
      code: 'precondition_failed',
      message: expect.stringContaining('User::"x" does not fit the bundle sha256:'),
    });
  });

  test('refuses a text that is another entity, or none', async () => {
    const { document } = user('a', 1n, 1);
    for (const text of [document, '{', '[]', '{"uid":{"type":"User","id":"z"}}']) {
      const wrong = afterChanges(NOTHING_HELD, [{ type: 'User', id: 'z', document: text, sequence: 1n }]);
      await expect(readHeld(bundle, wrong)).rejects.toMatchObject({ code: 'precondition_failed' });
    }
  });

  test('leaves out what the bundle takes from another source', async () => {
    const requests = await compiled({
      'bundle.yaml': new TextDecoder()
        .decode(storeBundle().get('bundle.yaml'))
        .replace('User: store', 'User: request'),
      'tests/view.yaml': undefined,
    });
    const read = await readHeld(requests, afterChanges(held, [user('x', 2n, 'high')]));

    expect(read.entity('User::"a"')).toBeUndefined();
    expect(read.entity('Team::"writers"')).toBeDefined();
  });
});
