import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../services/engine/limits.ts';
import type { Question } from '../support/question.ts';
import { ASKED, OPEN_DOOR, USER } from './support/open-door.ts';
import { TRANSPORTS, usePitfall } from './support/pitfall.ts';

const pitfall = usePitfall(OPEN_DOOR);

const team = (id: number | string, parents: object[] = []) => ({
  uid: { type: 'Team', id: `${id}` },
  attrs: {},
  parents,
});
const parent = (id: number | string) => ({ type: 'Team', id: `${id}` });
const upTo = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** Teams, each in the next one, and the user in the first; `length` is how many stand above the user. */
function chain(length: number): string {
  const teams = upTo(length, (index) => team(index, index + 1 < length ? [parent(index + 1)] : []));

  return JSON.stringify([{ ...USER, parents: [parent(0)] }, ...teams]);
}

const SETS = (length: number) => `{"set": [${upTo(length, String).join()}]}`;
const TEXT = (length: number) => `{"text": "${'x'.repeat(length)}"}`;
const TEAMS = (count: number) => JSON.stringify([USER, ...upTo(count - 1, (index) => team(index))]);

/** What the limit admits, the same with one more, and the limit. */
const AT_THE_LIMIT: readonly (readonly [keyof typeof LIMITS, Partial<Question>, Partial<Question>])[] = [
  ['string_bytes', { context: TEXT(LIMITS.string_bytes) }, { context: TEXT(LIMITS.string_bytes + 1) }],
  ['set_elements', { context: SETS(LIMITS.set_elements) }, { context: SETS(LIMITS.set_elements + 1) }],
  [
    'request_entities',
    { entities: TEAMS(LIMITS.request_entities) },
    { entities: TEAMS(LIMITS.request_entities + 1) },
  ],
  ['parent_chain', { entities: chain(LIMITS.parent_chain) }, { entities: chain(LIMITS.parent_chain + 1) }],
  [
    'identifier_bytes',
    { members: { request_id: 'x'.repeat(LIMITS.identifier_bytes) } },
    { members: { request_id: 'x'.repeat(LIMITS.identifier_bytes + 1) } },
  ],
];

describe('what a request says', () => {
  test.each(TRANSPORTS.flatMap((transport) => AT_THE_LIMIT.map((row) => [transport, ...row] as const)))(
    'over %s is decided up to %s, and refused past it, with the name and the number',
    async (transport, name, within, beyond) => {
      expect(await pitfall.current.ask(transport, { ...ASKED, ...within })).toMatchObject({
        decision: 'allow',
      });
      expect(await pitfall.current.ask(transport, { ...ASKED, ...beyond })).toMatchObject({
        error: 'too_large',
        limit: { name, max: BigInt(LIMITS[name]) },
      });
    },
  );

  test.each(
    TRANSPORTS.flatMap((transport) =>
      [
        '{"n": 9223372036854775808}',
        '{"n": 0.5}',
        '{"n": 1E0}',
        '{"n": NaN}',
        '{"n": 01}',
        '{"n": +1}',
        '{"n": 1, "n": 1}',
        '{"text": "\\ud800"}',
        '{"text": "\\udc00\\ud800"}',
        '{"text": "\ufffd"}',
        '{"text": "\\ufffd"}',
        '{"text": "a\nb"}',
        '{"text": "\\x"}',
        "{'text': 'a'}",
        '{"n": 1,}',
        '{"n": 1} {}',
        '\ufeff{}',
        '{"n": {"__extn": {"fn": "sha256", "arg": "x"}}}',
        '{"n": {"__expr": "1"}}',
      ].map((context) => [transport, context] as const),
    ),
  )('over %s is refused where it is not exact: %j', async (transport, context) => {
    expect(await pitfall.current.ask(transport, { ...ASKED, context })).toMatchObject({
      error: 'invalid_request',
    });
  });
});
