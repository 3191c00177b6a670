import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CompiledBundle } from '../../services/bundles/compile.ts';
import { type BundleDecision, decideByBundle } from '../../services/bundles/decide.ts';
import { RawObject } from '../../services/engine/raw/raw.ts';
import { type Settled, settle } from '../../services/pdp/settle.ts';
import type { Mode } from '../../services/pdp/types.ts';
import { callOf } from './support/calls.ts';
import { nothingAt } from './support/entities.ts';
import { compileLevels, failFrom, forbidFrom, PERMIT } from './support/levels.ts';

function decide(bundle: CompiledBundle, level: number): BundleDecision {
  const context = new RawObject(new Map([['level', BigInt(level)]]));
  const call = callOf({ action: { type: 'Action', id: 'act' }, context });

  return decideByBundle(bundle, call, () => ({}));
}

/** @param policies `null`: all; `undefined`: nothing is monitored. */
async function settled(
  bundle: CompiledBundle,
  level: number,
  policies: readonly string[] | null | undefined,
  mode: Mode = 'enforce',
  supported: readonly string[] = [],
): Promise<Settled> {
  const ids = new Set(policies ?? []);
  const monitoring =
    policies === undefined
      ? undefined
      : policies === null
        ? { policies: undefined, without: new Map() }
        : { policies: ids, without: new Map([[bundle, await bundle.without(ids)]]) };
  const staged = { canary: undefined, shadow: undefined, monitoring };

  const call = { mode, supported_obligations: supported };

  return settle(
    { bundle, active: bundle, arm: 'active', entities: nothingAt(1n), staged },
    call,
    decide(bundle, level),
  );
}

const both = PERMIT + forbidFrom(10) + forbidFrom(20) + failFrom(100);

describe('where nothing is monitored', () => {
  test('what the policies say is enforced', async () => {
    const bundle = await compileLevels(both);

    expect(await settled(bundle, 1, undefined)).toMatchObject({
      decision: 'allow',
      policyDecision: 'allow',
      enforcement: 'enforced',
    });
    expect(await settled(bundle, 10, undefined)).toMatchObject({
      decision: 'deny',
      policyDecision: 'deny',
      enforcement: 'enforced',
    });
  });
});

describe('where all of a store is monitored', () => {
  test('a deny of policies is an allow that says so, with the reason of the deny', async () => {
    const [forbidding, permittingNothing] = [await compileLevels(both), await compileLevels(forbidFrom(10))];

    expect(await settled(forbidding, 10, null)).toMatchObject({
      decision: 'allow',
      policyDecision: 'deny',
      reasonCode: 'forbidden',
      message: '',
      enforcement: 'monitored',
    });
    expect(await settled(permittingNothing, 1, null)).toMatchObject({
      decision: 'allow',
      policyDecision: 'deny',
      reasonCode: 'not_permitted',
      enforcement: 'monitored',
    });
    expect(await settled(forbidding, 1, null)).toMatchObject({ decision: 'allow', enforcement: 'enforced' });
  });

  test('a failure is none: neither a forbid that fails alone nor one beside another that matches', async () => {
    const [alone, beside, nothing] = [
      await compileLevels(PERMIT + failFrom(1)),
      await compileLevels(both),
      await compileLevels(failFrom(1)),
    ];

    for (const [bundle, level] of [
      [alone, 1],
      [beside, 100],
      [nothing, 1],
    ] as const) {
      expect(await settled(bundle, level, null)).toMatchObject({ decision: 'deny', enforcement: 'enforced' });
    }
  });

  test('a check tells what the policies say, because nothing is enforced by it anyway', async () => {
    const bundle = await compileLevels(both);

    expect(await settled(bundle, 10, null, 'check')).toMatchObject({
      decision: 'deny',
      enforcement: 'check_only',
    });
  });
});

describe('where policies are monitored by name', () => {
  test('a forbid of them does not hold, and one of the others does', async () => {
    const bundle = await compileLevels(both);

    expect(await settled(bundle, 10, ['from-10'])).toMatchObject({
      decision: 'allow',
      policyDecision: 'deny',
      reasonCode: 'forbidden',
      enforcement: 'monitored',
    });
    expect(await settled(bundle, 20, ['from-10'])).toMatchObject({
      decision: 'deny',
      enforcement: 'enforced',
    });
    expect(await settled(bundle, 20, ['from-10', 'from-20'])).toMatchObject({
      decision: 'allow',
      enforcement: 'monitored',
    });
    expect(await settled(bundle, 10, ['no-such-policy'])).toMatchObject({
      decision: 'deny',
      enforcement: 'enforced',
    });
  });

  test('an allow still needs a permit, and no other forbid may fail', async () => {
    const [withoutPermit, failing] = [await compileLevels(forbidFrom(10)), await compileLevels(both)];

    expect(await settled(withoutPermit, 10, ['from-10'])).toMatchObject({
      decision: 'deny',
      enforcement: 'enforced',
    });
    expect(await settled(failing, 100, ['from-10', 'from-20'])).toMatchObject({
      decision: 'deny',
      enforcement: 'enforced',
    });
    expect(await settled(failing, 100, ['from-10', 'from-20', 'fail-100'])).toMatchObject({
      decision: 'deny',
      enforcement: 'enforced',
    });
  });

  test('a permit of them does not permit either', async () => {
    const bundle = await compileLevels(both);

    expect(await settled(bundle, 1, ['permit'])).toMatchObject({
      decision: 'deny',
      policyDecision: 'allow',
      reasonCode: 'not_permitted',
      enforcement: 'monitored',
    });
  });
});

test('a bundle that discloses the code alone has nothing told in the words of its policies', async () => {
  const told =
    '@id("no") @reason("secret") @alternative("secret") forbid(principal, action, resource) when { context.level > 9 };';
  const owing = '@id("owing") @obligation("secret") permit(principal, action, resource);';
  const bundle = { ...(await compileLevels(owing + told)), disclosure: 'reason_code' as const };

  for (const level of [1, 10]) {
    const { decision, message, alternatives } = await settled(bundle, level, undefined);
    expect(decision).toBe('deny');
    expect(message).not.toBe('');
    expect(JSON.stringify({ message, alternatives })).not.toContain('secret');
  }
  expect(await settled(bundle, 1, undefined, 'enforce', ['secret'])).toMatchObject({
    decision: 'allow',
    obligations: [{ id: 'secret', params: {} }],
  });
});

describe('an allow that obliges', () => {
  const OWING = '@id("owing") @obligation("log; redact:level") permit(principal, action, resource);\n';
  const obligations = [
    { id: 'log', params: {} },
    { id: 'redact', params: { path: 'level' } },
  ];

  test('stands where the caller supports all of it, and another permit does not free from it', async () => {
    const bundle = await compileLevels(OWING + PERMIT);

    expect(await settled(bundle, 1, undefined, 'enforce', ['redact', 'mask', 'log'])).toMatchObject({
      decision: 'allow',
      enforcement: 'enforced',
      obligations,
    });
  });

  test.each(['enforce', 'check'] as const)('is a deny that names what is missing (%s)', async (mode) => {
    const bundle = await compileLevels(OWING + PERMIT);

    expect(await settled(bundle, 1, undefined, mode, ['redact', 'LOG'])).toMatchObject({
      decision: 'deny',
      reasonCode: 'obligation_unsupported',
      policyDecision: 'allow',
      message: 'This is allowed only with an obligation that the client does not support: log.',
      obligations: [],
    });
  });

  test('is a deny as well where all of the store is monitored', async () => {
    const bundle = await compileLevels(OWING);

    expect(await settled(bundle, 1, null)).toMatchObject({
      decision: 'deny',
      reasonCode: 'obligation_unsupported',
      enforcement: 'enforced',
    });
  });

  test('obliges also where only a monitored forbid stands against it', async () => {
    const bundle = await compileLevels(OWING + forbidFrom(10));

    expect(await settled(bundle, 10, ['from-10'], 'enforce', ['log', 'redact'])).toMatchObject({
      decision: 'allow',
      enforcement: 'monitored',
      obligations,
    });
    expect(await settled(bundle, 10, ['from-10'], 'enforce', ['log'])).toMatchObject({
      decision: 'deny',
      reasonCode: 'forbidden',
      enforcement: 'enforced',
      obligations: [],
    });
  });

  test('obliges to nothing where a forbid denies, and has no alternatives', async () => {
    const instead =
      '@id("no") @alternative("Act below.") forbid(principal, action, resource) when { context.level > 9 };';
    const bundle = await compileLevels(OWING + instead);

    expect(await settled(bundle, 10, undefined)).toMatchObject({
      obligations: [],
      alternatives: ['Act below.'],
    });
    expect(await settled(bundle, 1, undefined, 'enforce', ['log', 'redact'])).toMatchObject({
      alternatives: [],
    });
  });
});

test('no setting allows what could not be evaluated, and an allow by name is one that the rest of the bundle gives', async () => {
  const ids = ['permit', 'from-10', 'from-20', 'fail-100'];
  const bundle = await compileLevels(both);

  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(0, 9, 10, 15, 20, 99, 100, 101),
      fc.option(fc.subarray(ids)),
      async (level, policies) => {
        const { errors } = decide(bundle, level).evaluation;
        const { decision, enforcement } = await settled(bundle, level, policies);
        if (decision !== 'allow') return;

        expect(errors).toEqual([]);
        if (enforcement !== 'monitored' || policies === null) return;
        expect(decide(await bundle.without(new Set(policies)), level).verdict.reasonCode).toBe('permitted');
      },
    ),
  );
});
