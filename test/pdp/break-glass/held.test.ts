import { describe, expect, test, vi } from 'vitest';
import {
  glassFor,
  heldGlasses,
  NO_GLASSES,
  type OpenGlasses,
  restoredGlasses,
} from '../../../services/pdp/break-glass/held.ts';
import type { FollowedGlass } from '../../../services/store/break-glass/follow.ts';

const NOW = Date.parse('2026-11-29T10:00:00Z');
const MINUTE = 60_000;
const ASKED = { principal: { type: 'User', id: 'fay' }, action: { type: 'Action', id: 'deploy' } };

function glass(changes: Partial<FollowedGlass> = {}): FollowedGlass {
  return {
    ...{
      id: 'a',
      store: 'default',
      principalType: 'User',
      principalId: 'fay',
      actions: ['Action::"deploy"'],
    },
    ...{ ticket: 'T', openedBy: 'olga', approvedBy: null, until: new Date(NOW + MINUTE), leftMs: MINUTE },
    ...changes,
  };
}

function held(...glasses: readonly FollowedGlass[]): OpenGlasses {
  return heldGlasses(glasses, performance.now(), NO_GLASSES);
}

describe('a break-glass', () => {
  test('stands open for its principal, its actions and its store, and for nothing else', () => {
    const glasses = held(glass());

    expect(glassFor(glasses, 'default', ASKED, NOW)).toMatchObject({ id: 'a', by: ['olga'] });
    expect(glassFor(glasses, 'other', ASKED, NOW)).toBeUndefined();
    for (const change of [
      { principal: { type: 'User', id: 'Fay' } },
      { principal: { type: 'Robot', id: 'fay' } },
      { action: { type: 'Action', id: 'deploy2' } },
      { action: { type: 'Other::Action', id: 'deploy' } },
    ]) {
      expect(glassFor(glasses, 'default', { ...ASKED, ...change }, NOW)).toBeUndefined();
    }
  });

  test('without an id is for every principal of the type, and without actions for all', () => {
    const glasses = held(glass({ principalId: null, actions: null, approvedBy: 'vera' }));
    const asked = { principal: { type: 'User', id: 'bob' }, action: { type: 'Action', id: 'read' } };

    expect(glassFor(glasses, 'default', asked, NOW)).toMatchObject({ by: ['olga', 'vera'] });
    expect(
      glassFor(glasses, 'default', { ...asked, principal: { type: 'User2', id: 'bob' } }, NOW),
    ).toBeUndefined();
  });

  test('is the one that lasts longest, where several stand open', () => {
    const glasses = held(glass(), glass({ id: 'b', until: new Date(NOW + 2 * MINUTE), leftMs: 2 * MINUTE }));

    expect(glassFor(glasses, 'default', ASKED, NOW)?.id).toBe('b');
    expect(glassFor(glasses, 'default', ASKED, NOW + MINUTE)?.id).toBe('b');
    expect(glassFor(glasses, 'default', ASKED, NOW + 2 * MINUTE)).toBeUndefined();
  });
});

describe('the end', () => {
  test('comes by the clock of the wall, also where that leaps ahead', () => {
    const glasses = held(glass());

    expect(glassFor(glasses, 'default', ASKED, NOW + MINUTE - 1)).toBeDefined();
    expect(glassFor(glasses, 'default', ASKED, NOW + MINUTE)).toBeUndefined();
  });

  test('comes by the clock that nobody can set, where that of the wall is set back or was wrong all along', () => {
    withMonotonic((pass) => {
      const glasses = held(glass());
      pass(MINUTE - 1);
      expect(glassFor(glasses, 'default', ASKED, NOW - 24 * 60 * MINUTE)).toBeDefined();
      pass(1);
      expect(glassFor(glasses, 'default', ASKED, NOW - 24 * 60 * MINUTE)).toBeUndefined();
    });
  });

  test('does not move away where the clock of PostgreSQL is set back, and comes nearer where it is moved', () => {
    withMonotonic((pass) => {
      const first = held(glass());
      pass(MINUTE / 2);
      const later = heldGlasses([glass({ leftMs: 10 * MINUTE })], performance.now(), first);
      expect(later).toBe(first);
      const nearer = heldGlasses([glass({ leftMs: 5_000 })], performance.now(), first);
      expect(nearer).not.toBe(first);
      pass(5_000);
      expect(glassFor(nearer, 'default', ASKED, NOW)).toBeUndefined();
      expect(glassFor(first, 'default', ASKED, NOW)).toBeDefined();
    });
  });

  test('comes at once where PostgreSQL does not tell of it any more', () => {
    const first = held(glass(), glass({ id: 'b', principalId: 'bob' }));
    const next = heldGlasses([glass({ id: 'b', principalId: 'bob' })], performance.now(), first);

    expect(glassFor(next, 'default', ASKED, NOW)).toBeUndefined();
    expect(heldGlasses([], performance.now(), next).size).toBe(0);
  });

  test('is where it was for a process that starts from its disk, by the latest time that anything says', () => {
    withMonotonic((pass) => {
      const { leftMs: _, ...saved } = glass();
      const glasses = restoredGlasses([saved], NOW + MINUTE - 5_000);
      // The clock of the wall was set back an hour meanwhile.
      expect(glassFor(glasses, 'default', ASKED, NOW - 60 * MINUTE)).toBeDefined();
      pass(5_000);
      expect(glassFor(glasses, 'default', ASKED, NOW - 60 * MINUTE)).toBeUndefined();
      expect(restoredGlasses([saved], NOW + MINUTE).size).toBe(0);
    });
  });
});

function withMonotonic(body: (pass: (ms: number) => void) => void): void {
  let now = performance.now();
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
  try {
    body((ms) => {
      now += ms;
    });
  } finally {
    clock.mockRestore();
  }
}
