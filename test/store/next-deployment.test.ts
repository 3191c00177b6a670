import { describe, expect, test } from 'vitest';
import { DEPLOYMENT_CHANGE, type DeploymentChange } from '../../services/store/deployment-change.ts';
import {
  type DeploymentState,
  nextDeployment,
  type RollbackTarget,
} from '../../services/store/next-deployment.ts';
import { digestOf } from './samples.ts';

const [a, b, c] = [digestOf('a'), digestOf('b'), digestOf('c')];
const ACTIVE: DeploymentState = { digest: a, origin: 1n, canary: null, shadow: null, monitor: null };
const next = (state: DeploymentState | undefined, change: object, sequence = 5n, target?: RollbackTarget) =>
  nextDeployment(state, DEPLOYMENT_CHANGE.parse(change), sequence, target);
const WITH_CANARY = next(ACTIVE, {
  action: 'canary',
  digest: b,
  percent: 10,
  limits: { max_flip_rate: '0.02', max_error_rate: '0.01' },
}).state;
const FROZEN = nextDeployment(
  WITH_CANARY,
  { action: 'freeze', since: 5n, why: 'flips' },
  6n,
  undefined,
).state;

describe('a canary', () => {
  test('begins with what is given, and keeps its beginning and limits when it is raised', () => {
    expect(WITH_CANARY).toEqual({
      ...ACTIVE,
      canary: {
        digest: b,
        percent: 10,
        by: 'run',
        since: 5n,
        limits: { max_flip_rate: '0.02', max_error_rate: '0.01', min_sample: 200n },
        frozen: null,
      },
    });
    expect(next(WITH_CANARY, { action: 'canary', percent: 50 }, 6n).state.canary).toEqual({
      ...WITH_CANARY.canary,
      percent: 50,
    });
  });

  test.each([
    ['without a bundle where none runs', ACTIVE, { percent: 10 }, 'precondition_failed'],
    ['of the bundle that is active', ACTIVE, { digest: a, percent: 10 }, 'precondition_failed'],
    ['beside another one', WITH_CANARY, { digest: c, percent: 10 }, 'conflict'],
    ['by something else while it runs', WITH_CANARY, { percent: 10, by: 'principal' }, 'precondition_failed'],
    ['before anything is active', undefined, { digest: a, percent: 10 }, 'precondition_failed'],
    ['that is raised while it is frozen', FROZEN, { percent: 11 }, 'conflict'],
  ])('is refused %s', (_, state, change, code) => {
    expect(() => next(state, { action: 'canary', ...change })).toThrow(expect.objectContaining({ code }));
  });

  test('that is promoted is active, from then on, and a rollback leads behind it', () => {
    expect(next(WITH_CANARY, { action: 'promote' }, 7n)).toEqual({
      action: 'promote',
      state: { ...ACTIVE, digest: b, origin: 7n },
    });
    expect(() => next(ACTIVE, { action: 'promote' })).toThrow(
      expect.objectContaining({ code: 'precondition_failed' }),
    );
  });

  test('that is frozen is lowered, and only promoted or raised by who accepts its flips', () => {
    expect(next(FROZEN, { action: 'canary', percent: 5 }).state.canary).toMatchObject({
      percent: 5,
      frozen: 'flips',
    });
    expect(() => next(FROZEN, { action: 'promote' })).toThrow(
      expect.objectContaining({ code: 'conflict', field: 'accept_flips' }),
    );
    expect(next(FROZEN, { action: 'promote', accept_flips: true }).state.digest).toBe(b);
    expect(next(FROZEN, { action: 'canary', percent: 20, accept_flips: true }).state.canary).toEqual({
      ...WITH_CANARY.canary,
      percent: 20,
      limits: { max_error_rate: '0.01', min_sample: 200n },
    });
  });

  test('ends where something else is activated', () => {
    expect(next(WITH_CANARY, { action: 'activate', digest: c }).state).toEqual({
      ...ACTIVE,
      digest: c,
      origin: 5n,
    });
  });

  test('is ended and frozen by a limit only where it is still the same one', () => {
    const endOf = (since: bigint): DeploymentChange => ({ action: 'end_canary', since });

    expect(nextDeployment(WITH_CANARY, endOf(5n), 6n, undefined).state).toEqual(ACTIVE);
    for (const [state, change] of [
      [WITH_CANARY, endOf(4n)],
      [ACTIVE, endOf(5n)],
      [FROZEN, { action: 'freeze', since: 5n, why: 'again' }],
    ] as const) {
      expect(() => nextDeployment(state, change, 7n, undefined)).toThrow(
        expect.objectContaining({ code: 'precondition_failed' }),
      );
    }
  });
});

describe('a rollback', () => {
  const target = { digest: c, origin: 1n };

  test('ends a canary first, whatever was active before', () => {
    expect(next(WITH_CANARY, { action: 'rollback' }, 6n, target)).toEqual({
      action: 'end_canary',
      state: ACTIVE,
    });
  });

  test('goes back to what was active before, and keeps what is monitored', () => {
    const state = { ...ACTIVE, monitor: { policies: ['p'] } };

    expect(next(state, { action: 'rollback' }, 6n, target)).toEqual({
      action: 'rollback',
      state: { ...state, ...target },
    });
    expect(next(WITH_CANARY, { action: 'rollback', to: 2 }, 6n, target).state).toEqual({
      ...ACTIVE,
      ...target,
    });
  });

  test('is refused where it leads nowhere', () => {
    for (const to of [undefined, 9]) {
      expect(() => next(ACTIVE, { action: 'rollback', to })).toThrow(
        expect.objectContaining({ code: 'precondition_failed' }),
      );
    }
  });
});

test('a shadow stays until it is ended, or is active itself', () => {
  const state = next(ACTIVE, { action: 'shadow', digest: b }).state;

  expect(state.shadow).toEqual({ digest: b, since: 5n });
  expect(next(state, { action: 'shadow', digest: b }, 6n).state.shadow).toEqual({ digest: b, since: 5n });
  expect(next(state, { action: 'activate', digest: c }, 6n).state.shadow).toEqual({ digest: b, since: 5n });
  expect(next(state, { action: 'activate', digest: b }, 6n).state.shadow).toBeNull();
  expect(next(state, { action: 'shadow', digest: null }, 6n).state.shadow).toBeNull();
  expect(() => next(ACTIVE, { action: 'shadow', digest: null })).toThrow(/no shadow/);
});

test('what is monitored stays when another bundle is activated, until it is changed', () => {
  const state = next(ACTIVE, { action: 'monitor', monitor: { policies: null } }).state;

  expect(next(state, { action: 'activate', digest: b }).state.monitor).toEqual({ policies: null });
  expect(next(state, { action: 'monitor', monitor: null }).state).toEqual(ACTIVE);
});
