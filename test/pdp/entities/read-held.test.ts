import { describe, expect, test } from 'vitest';
import { type CompiledBundle, compileBundle } from '../../../services/bundles/compile.ts';
import { openBundle } from '../../../services/bundles/open.ts';
import {
  afterChanges,
  type HeldEntities,
  NOTHING_HELD,
} from '../../../services/pdp/entities/held-entities.ts';
import { readHeld } from '../../../services/pdp/entities/read-held.ts';
import type { EntityVersion } from '../../../services/store/entities.ts';
import { storeBundle } from '../../bundles/stored/store-bundle.ts';

const bundle = await compiled();

/** At the sequence of the last of the changes. */
function heldAfter(held: HeldEntities, ...changes: readonly EntityVersion[]): HeldEntities {
  return afterChanges(held, changes, changes.at(-1)?.sequence ?? held.sequence);
}

async function compiled(changes: Parameters<typeof storeBundle>[0] = {}): Promise<CompiledBundle> {
  const { parts } = openBundle(storeBundle(changes));
  if (parts === undefined) throw new Error('the bundle cannot be read');

  return compileBundle(parts);
}

function user(id: string, sequence: bigint, level: unknown, ...teams: readonly string[]): EntityVersion {
  const parents = teams.map((team) => ({ type: 'Team', id: team }));

  return {
    ...{ type: 'User', id, sequence },
    document: JSON.stringify({ uid: { type: 'User', id }, attrs: { level }, parents, tags: {} }),
  };
}

function team(id: string, sequence: bigint, org: string): EntityVersion {
  const parents = [{ type: 'Org', id: org }];

  return {
    ...{ type: 'Team', id, sequence },
    document: JSON.stringify({ uid: { type: 'Team', id }, attrs: {}, parents, tags: {} }),
  };
}

describe('what a process holds of a store', () => {
  test('knows nothing of what was deleted, and goes on as it was for who holds it', () => {
    const held = afterChanges(NOTHING_HELD, [user('a', 3n, 1), user('b', 3n, 1), team('t', 5n, 'good')], 6n);
    const later = heldAfter(held, { type: 'User', id: 'a', document: null, sequence: 7n });

    expect(held).toMatchObject({ sequence: 6n, documents: { size: 3 } });
    expect(later).toMatchObject({ sequence: 7n, documents: { size: 2 } });
    expect(later.documents.get('User::"a"')).toBeUndefined();
    expect(held.documents.get('User::"a"')).toBeDefined();
  });

  test('takes no change of another time', () => {
    const held = heldAfter(NOTHING_HELD, user('a', 3n, 1));

    for (const sequence of [2n, 3n, 6n]) {
      expect(() => afterChanges(held, [user('a', sequence, 2)], 5n)).toThrow(
        expect.objectContaining({ code: 'internal' }),
      );
    }
  });
});

describe('what a process holds, read by a bundle', () => {
  const held = heldAfter(NOTHING_HELD, user('a', 1n, 1, 'writers'), team('writers', 1n, 'good'));

  test('is read again only where it changed, and goes on as it was for who holds it', async () => {
    const read = await readHeld(bundle, held);
    const next = heldAfter(held, team('writers', 2n, 'evil'));
    const later = await readHeld(bundle, next, { held, read });

    expect(later.sequence).toBe(2n);
    expect(later.lone.get('User::"a"')).toBe(read.lone.get('User::"a"'));
    expect(later.entity('User::"a"')?.ancestors).toEqual(new Set(['Team::"writers"', 'Org::"evil"']));
    expect(read.entity('User::"a"')?.ancestors).toEqual(new Set(['Team::"writers"', 'Org::"good"']));
  });

  test('is the same, read at once or change by change', async () => {
    const next = heldAfter(held, user('b', 2n, 2, 'writers'), {
      type: 'User',
      id: 'a',
      document: null,
      sequence: 3n,
    });
    const step = await readHeld(bundle, next, { held, read: await readHeld(bundle, held) });

    expect(new Map(step.lone.entries())).toEqual(new Map((await readHeld(bundle, next)).lone.entries()));
    expect(step.entity('User::"a"')).toBeUndefined();
  });

  test('is read in whole or not at all: one entity that does not fit refuses it, by name', async () => {
    const broken = heldAfter(held, user('x', 2n, 'high'));

    await expect(readHeld(bundle, broken)).rejects.toMatchObject({
      code: 'precondition_failed',
      message: expect.stringContaining('User::"x" does not fit the bundle sha256:'),
    });
  });

  test('refuses a text that is another entity, or none', async () => {
    const { document } = user('a', 1n, 1);
    for (const text of [document, '{', '[]', '{"uid":{"type":"User","id":"z"}}']) {
      const wrong = heldAfter(NOTHING_HELD, { type: 'User', id: 'z', document: text, sequence: 1n });
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
    const read = await readHeld(requests, heldAfter(held, user('x', 2n, 'high')));

    expect(read.entity('User::"a"')).toBeUndefined();
    expect(read.entity('Team::"writers"')).toBeDefined();
  });
});
