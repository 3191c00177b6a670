import { describe, expect, test } from 'vitest';
import { createCedar } from '../../../services/bundles/cedar.ts';
import { type CompiledBundle, compileBundle } from '../../../services/bundles/compile.ts';
import { decideByBundle } from '../../../services/bundles/decide.ts';
import type { AskedRequest } from '../../../services/bundles/inform.ts';
import { parseBundle, partsOf } from '../../../services/bundles/parse.ts';
import { createProblems } from '../../../services/bundles/problems.ts';
import { requestText } from '../../../services/engine/cedar/call-text.ts';
import { LIMITS } from '../../../services/engine/limits.ts';
import { parseJson } from '../../../services/engine/raw/json.ts';
import type { PastDecision } from '../../../services/ledger/history.ts';
import { judge } from '../../../services/pdp/replay/judge.ts';
import { pastDecision } from './support/past-decision.ts';

const CANDIDATE = { withDigest: false, deriveFacts: true };
const ORIGINAL = { withDigest: true, deriveFacts: false };

const timed = await bundleOf(
  'action read appliesTo { principal: Agent, resource: Doc, context: { pdp: { now: __cedar::datetime } } };',
  '@id("by-day") permit(principal, action, resource) when { context.pdp.now < datetime("2026-11-22T12:00:00Z") };',
);
const plain = await bundleOf(
  'action read appliesTo { principal: Agent, resource: Doc, context: { a?: Set<Doc>, b?: Set<Doc>, c?: Set<Doc> } };',
  '@id("any") permit(principal, action, resource);',
);

const READ = {
  principal: { type: 'Agent', id: 'a' },
  action: { type: 'Action', id: 'read' },
  resource: { type: 'Doc', id: 'd' },
};
const INPUT = inputOf('{}');

function inputOf(context: string, entities = '[]'): string {
  return `{"principal":${JSON.stringify(READ.principal)},"action":${JSON.stringify(READ.action)},"resource":${JSON.stringify(READ.resource)},"context":${context},"entities":${entities}}`;
}

function pastAt(time: string, facts: PastDecision['facts'] = {}): PastDecision {
  return pastDecision({ time, facts });
}

const nowFact = (arg: string) => ({ now: { __extn: { fn: 'datetime', arg } } });

describe('a fact', () => {
  test('comes from the record, whatever time it is and whatever its time says', () => {
    const morning = pastAt('2026-11-22T20:00:00.000Z', nowFact('2026-11-22T08:00:00.000Z'));
    const evening = pastAt('2026-11-22T08:00:00.000Z', nowFact('2026-11-22T20:00:00.000Z'));

    for (const options of [CANDIDATE, ORIGINAL]) {
      expect(judge(timed, morning, INPUT, options)).toMatchObject({ decision: 'allow' });
      expect(judge(timed, evening, INPUT, options)).toMatchObject({ decision: 'deny' });
    }
  });

  test('that the original bundle did not declare follows from the time of the record, for a candidate alone', () => {
    expect(judge(timed, pastAt('2026-11-22T11:59:59.999Z'), INPUT, CANDIDATE)).toMatchObject({
      decision: 'allow',
    });
    expect(judge(timed, pastAt('2026-11-22T12:00:00.000Z'), INPUT, CANDIDATE)).toMatchObject({
      decision: 'deny',
    });
    expect(judge(timed, pastAt('2026-11-22T11:00:00.000Z'), INPUT, ORIGINAL)).toEqual({ kind: 'unreadable' });
  });

  test('that the candidate does not declare is left out', () => {
    const past = pastAt('2026-11-22T08:00:00.000Z', nowFact('2026-11-22T08:00:00.000Z'));

    expect(judge(plain, past, INPUT, CANDIDATE)).toMatchObject({ decision: 'allow', determining: ['any'] });
  });

  test.each<[string, PastDecision['facts']]>([
    ['a text', { now: 'noon' }],
    ['a number', { now: 5n }],
    ['no time', nowFact('noon')],
  ])('that is %s in the record is not guessed', (_what, facts) => {
    expect(judge(timed, pastAt('2026-11-22T08:00:00.000Z', facts), INPUT, CANDIDATE)).toEqual({
      kind: 'unreadable',
    });
  });
});

describe('a recorded request', () => {
  test('that was at the limits when it was asked is decided again, though its explicit JSON has more values', () => {
    // A reference is three values for a caller who writes `{"type", "id"}`, and four in the record.
    const references = Math.floor(LIMITS.request_values / 3.5);
    const set = Array.from({ length: Math.ceil(references / 3) }, (_, id) => `{"type":"Doc","id":"${id}"}`);
    const { input, outcome } = askLive(plain, `{"a":[${set}],"b":[${set}],"c":[${set}]}`);

    expect(input.match(/__entity/g)?.length).toBeGreaterThan(LIMITS.request_values / 4);
    expect(judge(plain, pastDecision(), input, CANDIDATE)).toMatchObject(outcome);
  });

  test('that does not fit the schema of a candidate is refused with its field', () => {
    const judged = judge(plain, pastDecision(), inputOf('{"gone":true}'), CANDIDATE);

    expect(judged).toMatchObject({
      kind: 'refused',
      error: { code: 'invalid_request', field: 'context.gone' },
    });
  });

  test('of an action that a candidate has no more is refused', () => {
    const input = INPUT.replace('"read"', '"write"');

    expect(judge(plain, pastDecision(), input, CANDIDATE)).toMatchObject({
      kind: 'refused',
      error: { field: 'action' },
    });
  });

  test.each(['', '[]', '{', '{"principal":1}', INPUT.slice(0, -1)])(
    'that is none, %j, is not judged',
    (input) => {
      expect(judge(plain, pastDecision(), input, CANDIDATE)).toEqual({ kind: 'unreadable' });
    },
  );

  test('holds no facts of the server, even where somebody wrote them there', () => {
    const judged = judge(
      timed,
      pastAt('2026-11-22T20:00:00.000Z'),
      inputOf('{"pdp":{"now":"2026-11-22"}}'),
      CANDIDATE,
    );

    expect(judged).toMatchObject({ kind: 'refused', error: { field: 'context.pdp' } });
  });
});

test('the digest of a request is told where it is wanted, and is another one for another subject', () => {
  const digest = (past: PastDecision) => {
    const judged = judge(plain, past, INPUT, ORIGINAL);

    return judged.kind === 'decided' ? judged.requestDigest : undefined;
  };
  const other = pastDecision({ credential: { id: null, subject: 'other' } });

  expect(digest(pastDecision())).toMatch(/^sha256:/);
  expect(digest(other)).not.toBe(digest(pastDecision()));
  expect(judge(plain, pastDecision(), INPUT, CANDIDATE)).toMatchObject({ requestDigest: undefined });
});

function askLive(bundle: CompiledBundle, context: string) {
  const asked: AskedRequest = { ...READ, context: parseJson(context, 'context'), entities: [] };
  const { informed, verdict } = decideByBundle(bundle, asked, () => ({}));

  return {
    input: requestText({ ...informed.request, context: informed.context }, informed.entities),
    outcome: { kind: 'decided', decision: verdict.decision, reasonCode: verdict.reasonCode },
  };
}

async function bundleOf(action: string, policies: string): Promise<CompiledBundle> {
  const files = new Map(
    Object.entries({
      'bundle.yaml': `format_version: 1
name: replayed
version: 1.0.0
description: For tests
owners: [tests]
entity_sources: { Agent: request, Doc: request }
`,
      'schema.cedarschema': `entity Agent; entity Doc; ${action}`,
      'policies.cedar': policies,
    }).map(([path, text]) => [path, Buffer.from(text)]),
  );
  const parts = partsOf(parseBundle(files, createCedar(), createProblems()), files);
  if (parts === undefined) throw new Error('the bundle does not read');

  return compileBundle(parts);
}
