import { describe, expect, test } from 'vitest';
import { createCedarEvaluator } from '../../../services/engine/cedar/evaluator.ts';
import { CedarText, CedarTrap, createCedarInstance } from '../../../services/engine/cedar/instance.ts';
import type { EvaluationRequest } from '../../../services/engine/evaluator.ts';
import { LIMITS, type LimitName } from '../../../services/engine/limits.ts';
import type { Policy } from '../../../services/engine/policy.ts';
import { readSchema } from '../../../services/engine/schema/read.ts';
import { CedarRecord, EntityUid } from '../../../services/engine/value/value.ts';

const SCHEMA =
  'entity User; entity Doc; action read, write appliesTo { principal: [User], resource: [Doc], context: { n: Long } };';
const schema = readSchema(
  (createCedarInstance().call('schemaToJsonWithResolvedTypes', SCHEMA) as { readonly json: unknown }).json,
);

/** Parses and validates, and traps when it is evaluated (cedar-facts section 4). */
const TRAPPING = `permit(principal, action == Action::"read", resource) when { ${Array.from(
  { length: 1_000 },
  (_, index) => `context.n == ${index}`,
).join(' || ')} };`;

describe('an instance', () => {
  test('gives integers beyond 2^53 exactly, both ways', () => {
    const instance = createCedarInstance();
    const text = JSON.stringify(
      'permit(principal, action, resource) when { context.n == 9223372036854775807 };',
    );

    expect(JSON.stringify(instance.call('policyToJson', new CedarText(text)), digits)).toContain(
      '"9223372036854775807"',
    );
  });

  test('is dead after a trap, while others live on', () => {
    const trapped = createCedarInstance();
    const other = createCedarInstance();
    const nested = JSON.stringify(
      `permit(principal, action, resource) when { ${'('.repeat(300)}true${')'.repeat(300)} };`,
    );

    expect(() => trapped.call('policyToJson', new CedarText(nested))).toThrow(CedarTrap);
    expect(trapped.dead).toBe(true);
    expect(() => trapped.call('getCedarLangVersion')).toThrow(CedarTrap);
    expect(other.call('getCedarLangVersion')).toBe('4.5');
  });
});

describe('the evaluator', () => {
  test('answers the request after one that trapped', () => {
    const evaluator = createCedarEvaluator(SCHEMA, schema, [policy('trap', 'read', TRAPPING), PERMIT_WRITE]);

    expect(() => evaluator.evaluate(request('read', -1n))).toThrow(
      expect.objectContaining({ code: 'internal' }),
    );
    expect(evaluator.restarts).toBe(1);
    expect(evaluator.evaluate(request('write', 1n))).toMatchObject({
      decision: 'allow',
      determining: ['write'],
    });
  });

  test('quarantines the policy that keeps trapping, and decides no request that needs it without it', () => {
    const permitAll = policy('all', undefined, 'permit(principal, action, resource);');
    const evaluator = createCedarEvaluator(SCHEMA, schema, [policy('trap', 'read', TRAPPING), permitAll]);

    for (let round = 0; round < 3; round += 1) {
      expect(() => evaluator.evaluate(request('read', -1n))).toThrow(
        expect.objectContaining({ code: 'internal' }),
      );
    }

    expect(evaluator.quarantined).toEqual(['trap']);
    expect(() => evaluator.evaluate(request('read', 1n))).toThrow(
      expect.objectContaining({ code: 'unavailable' }),
    );
    expect(evaluator.evaluate(request('write', 1n))).toMatchObject({
      decision: 'allow',
      determining: ['all'],
    });
  });

  test('gives every reason and every error of a slice, sorted', () => {
    const permits = Array.from({ length: 200 }, (_, index) =>
      policy(`permit-${index}`, undefined, 'permit(principal, action, resource) when { context.n >= 0 };'),
    );
    const forbid = policy('stop', undefined, 'forbid(principal, action, resource) when { context.n == 7 };');
    const failing = policy(
      'fails',
      undefined,
      'permit(principal, action, resource) when { context.n + 9223372036854775807 > 0 };',
    );
    const evaluator = createCedarEvaluator(SCHEMA, schema, [failing, ...permits, forbid]);
    evaluator.warmUp();

    const allowed = evaluator.evaluate(request('read', 1n));
    expect(allowed.decision).toBe('allow');
    expect(allowed.determining).toEqual(permits.map(({ id }) => id).sort());
    expect(allowed.errors.map(({ policyId }) => policyId)).toEqual(['fails']);
    expect(evaluator.evaluate(request('read', 7n))).toMatchObject({
      decision: 'deny',
      determining: ['stop'],
    });
  });

  test('refuses a request that selects more policies than the limit', () => {
    const many = Array.from({ length: LIMITS.slice_policies + 1 }, (_, index) =>
      policy(`p${index}`, 'read', 'permit(principal, action == Action::"read", resource);'),
    );
    const atLimit = createCedarEvaluator(SCHEMA, schema, many.slice(1));

    expect(atLimit.evaluate(request('read', 1n)).decision).toBe('allow');
    expect(() => createCedarEvaluator(SCHEMA, schema, many).evaluate(request('read', 1n))).toThrow(
      overLimit('slice_policies'),
    );
  });

  test('refuses a request that selects more text than the limit, a template counted once', () => {
    const text = `permit(principal, action, resource) when { "${'x'.repeat(LIMITS.slice_bytes / 4)}" != "" };`;
    const statics = Array.from({ length: 4 }, (_, index) => policy(`p${index}`, undefined, text));
    const template = `${text.slice(0, 'permit('.length)}principal == ?principal${text.slice('permit(principal'.length)}`;
    const links = Array.from({ length: 4 }, (_, index): Policy => {
      const values = { '?principal': { type: 'User', id: 'a' } };

      return {
        ...policy(`l${index}`, undefined, text),
        source: { kind: 'link', templateId: 't', templateText: template, values },
      };
    });

    expect(
      createCedarEvaluator(SCHEMA, schema, links).evaluate(request('read', 1n)).determining,
    ).toHaveLength(4);
    expect(() => createCedarEvaluator(SCHEMA, schema, statics).evaluate(request('read', 1n))).toThrow(
      overLimit('slice_bytes'),
    );
  });

  test('denies without a reason where no policy can matter', () => {
    expect(createCedarEvaluator(SCHEMA, schema, [PERMIT_WRITE]).evaluate(request('read', 1n))).toEqual({
      decision: 'deny',
      determining: [],
      errors: [],
    });
  });
});

const PERMIT_WRITE = policy('write', 'write', 'permit(principal, action == Action::"write", resource);');

function policy(id: string, action: string | undefined, text: string): Policy {
  return {
    id,
    effect: text.startsWith('permit') ? 'permit' : 'forbid',
    annotations: {},
    scope: {
      principal: { op: 'all' },
      action: action === undefined ? { op: 'all' } : { op: '==', uids: [{ type: 'Action', id: action }] },
      resource: { op: 'all' },
    },
    literals: [],
    work: [],
    condition: { shape: '[]', literals: [] },
    source: { kind: 'static', text },
  };
}

function request(action: string, n: bigint): EvaluationRequest {
  return {
    principal: new EntityUid('User', 'a'),
    action: new EntityUid('Action', action),
    resource: new EntityUid('Doc', 'd'),
    context: new CedarRecord(new Map([['n', n]])),
    entity: () => undefined,
  };
}

function overLimit(name: LimitName): unknown {
  return expect.objectContaining({ code: 'too_large', limit: { name, max: LIMITS[name] } });
}

function digits(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
