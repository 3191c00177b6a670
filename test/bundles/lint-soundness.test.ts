import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkBundle } from '../../services/bundles/check.ts';
import type { AskedRequest } from '../../services/bundles/inform.ts';
import type { LintName } from '../../services/bundles/lint/names.ts';
import { NO_TEST_FACTS } from '../../services/bundles/test-facts.ts';
import { Datetime } from '../../services/engine/extension/datetime.ts';
import { parseTrustedJson } from '../../services/engine/raw/json.ts';
import type { RawNode } from '../../services/engine/raw/raw.ts';
import { decideWith, readBundle } from '../policies/support/read-bundle.ts';
import { lintFiles } from './lint-files.ts';

const MIN = '-9223372036854775808';
const MAX = '9223372036854775807';
const NOW = new Datetime(1_780_000_000_000n);
const RUNS = 40;

const principalScope = fc.constantFrom(
  'principal',
  'principal is Agent',
  'principal == Agent::"ann"',
  'principal == Agent::"zoe"',
  'principal in Role::"reader"',
  'principal in Role::"lead"',
  'principal in Role::"nobody"',
  'principal is Agent in Role::"lead"',
);
const actionScope = fc.constantFrom('action', 'action == Action::"read"', 'action in [Action::"read"]');
const resourceScope = fc.constantFrom(
  'resource',
  'resource is Doc',
  'resource == Doc::"d"',
  'resource == Doc::"e"',
);

const long = fc.constantFrom(
  'context.n',
  'resource.size',
  'principal.level',
  '0',
  '3',
  MAX,
  '-1',
  'context.wait.toHours()',
);
const sum: fc.Arbitrary<string> = fc.oneof(
  long,
  fc.tuple(long, fc.constantFrom('+', '-', '*'), long).map(([a, operator, b]) => `(${a} ${operator} ${b})`),
  long.map((a) => `(-(${a}))`),
);
const atom = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(sum, fc.constantFrom('<', '<=', '>', '>=', '==', '!='), long)
      .map((parts) => parts.join(' ')),
  },
  fc.constantFrom(
    'true',
    '1 == 2',
    'context.friend has level',
    'context.friend.level > 1',
    'resource.owner.level > 1',
    'principal.boss.level == 1',
    'Agent::"zoe".level == 1',
    'context.at.toDate() == datetime("2026-01-01")',
    'context.at.offset(context.wait) > context.pdp.now',
    'context.pdp.now.offset(duration("1h")) > context.at',
    'context.pdp.now.durationSince(context.at) < duration("1h")',
    'context.at > datetime("2020-01-01")',
    'context.at < datetime("2030-01-01")',
  ),
);
const condition = fc.oneof(
  atom,
  fc.tuple(atom, fc.constantFrom('&&', '||'), atom).map(([a, operator, b]) => `(${a}) ${operator} (${b})`),
  fc.tuple(atom, atom, atom).map(([a, b, c]) => `(${a}) && !(${b}) && (${c})`),
  fc.tuple(atom, atom, atom).map(([a, b, c]) => `if ${a} then ${b} else ${c}`),
);
const clauses = fc.oneof(
  { weight: 2, arbitrary: fc.constant('') },
  condition.map((text) => `when { ${text} }`),
  condition.map((text) => `unless { ${text} }`),
  fc.tuple(atom, condition).map(([a, b]) => `unless { ${a} } when { ${b} }`),
);
const policies = fc
  .array(fc.tuple(fc.constantFrom('permit', 'forbid'), principalScope, actionScope, resourceScope, clauses), {
    minLength: 1,
    maxLength: 6,
  })
  .map((all) =>
    all.map(
      ([effect, principal, action, resource, rest], at) =>
        `@id("p${at}") ${effect} (${principal}, ${action}, ${resource}) ${rest};`,
    ),
  );

/** Requests at the edges of what the bundle takes. */
const REQUESTS = [...requests()];

function* requests(): Generator<AskedRequest> {
  const edges = [MIN, '-3', '0', '5', MAX];
  for (const [index, n] of edges.entries()) {
    for (const [agent, doc] of [
      ['ann', 'd'],
      ['bob', 'd'],
      ['bob', 'f'],
    ] as const) {
      const wait = `{"__extn": {"fn": "duration", "arg": "${[...edges].reverse()[index]}ms"}}`;
      const at =
        index % 2 === 0 ? `{"__extn": {"fn": "offset", "args": ["2026-01-01", ${wait}]}}` : '"2026-01-01"';
      const friend = `{"type": "Agent", "id": "${index % 2 === 0 ? 'zoe' : 'ann'}"}`;
      const owner =
        index > 2 ? ', {"uid": {"type": "Owner", "id": "o"}, "attrs": {"level": 7}, "parents": []}' : '';
      yield {
        principal: { type: 'Agent', id: agent },
        action: { type: 'Action', id: 'read' },
        resource: { type: 'Doc', id: doc },
        context: raw(`{"n": ${n}, "wait": ${wait}, "at": ${at.replace('MIN', MIN)}, "friend": ${friend}}`),
        entities: raw(
          `[{"uid": {"type": "Doc", "id": "${doc}"}, "attrs": {"size": ${edges[(index + 2) % 5]}, "owner": {"type": "Owner", "id": "o"}}, "parents": []}${owner}]`,
        ),
      };
    }
  }
}

function raw(text: string): RawNode {
  return parseTrustedJson(text);
}

async function outcomes(texts: readonly string[]) {
  const bundle = await readBundle(lintFiles({ policies: texts.join('\n') }));

  return REQUESTS.flatMap((asked) => {
    try {
      return [decideWith(bundle, asked, { ...NO_TEST_FACTS, now: NOW })];
    } catch {
      return [];
    }
  });
}

test('no lint says never, shadowed or unfailing of a policy that is not', { timeout: 60_000 }, async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(policies, async (texts) => {
      const report = await checkBundle(lintFiles({ policies: texts.join('\n') }));
      const isReadable = report.problems.every(({ code }) => code === 'lint');
      fc.pre(isReadable);
      const flagged = (lint: LintName): readonly string[] =>
        report.problems.flatMap((one) => (one.lint === lint ? (one.policy_id ?? []) : []));
      for (const { lint } of report.problems) if (lint !== undefined) seen.add(lint);
      const before = await outcomes(texts);
      expect(before.length).toBeGreaterThan(5);

      const deciding = new Set(before.flatMap(({ evaluation }) => evaluation.determining));
      for (const id of flagged('never-matches')) expect(deciding).not.toContain(id);

      const canFail = flagged('forbid-can-error');
      for (const { evaluation } of before) {
        for (const { policyId } of evaluation.errors) {
          const isForbid = texts[Number(policyId.slice(1))]?.includes(' forbid (') === true;
          if (isForbid) expect(canFail).toContain(policyId);
          if (isForbid) seen.add('failed');
        }
      }

      for (const id of flagged('shadowed')) {
        const without = await outcomes(texts.filter((text) => !text.startsWith(`@id("${id}")`)));
        expect(without.map(({ verdict }) => verdict.decision)).toEqual(
          before.map(({ verdict }) => verdict.decision),
        );
      }
    }),
    { numRuns: RUNS, seed: 7 },
  );

  // What is never seen proves nothing.
  expect([...seen]).toEqual(
    expect.arrayContaining(['never-matches', 'shadowed', 'forbid-can-error', 'failed']),
  );
});
