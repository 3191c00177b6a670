import { beforeAll, describe, expect, test } from 'vitest';
import type { Outcome } from '../support/decision-client.ts';
import { activate, deploy, recordOf } from '../support/shared-store.ts';
import { filesOf, TRANSPORTS, usePitfall } from './support/pitfall.ts';

const SCHEMA = `
entity User, Doc;
action view appliesTo { principal: User, resource: Doc };`;
const OPEN = { schema: SCHEMA, policies: '@id("open") permit (principal, action, resource);' };
const CLOSED = { schema: SCHEMA, policies: '@id("closed") forbid (principal, action, resource);' };
const ASKED = { principal: 'User::"u"', action: 'Action::"view"', resource: 'Doc::"d"' };

const pitfall = usePitfall(OPEN);
let closed: string;

beforeAll(async () => {
  closed = await deploy(pitfall.current.world, pitfall.current.store, filesOf(CLOSED));
});

describe('the bundle that decides', () => {
  test('is one, which the reply and the record name, while it changes', async () => {
    const { world, digest: open } = pitfall.current;
    const outcomes = await whileChanging([open, closed, open, closed]);

    expect(new Set(outcomes.map(digestOf))).toEqual(new Set([open, closed]));
    for (const outcome of outcomes) {
      expect(outcome['decision']).toBe(digestOf(outcome) === open ? 'allow' : 'deny');
    }

    // To read back all of them would take longer than to decide them.
    for (const outcome of outcomes.slice(-40)) {
      expect(await recordOf(world, outcome)).toMatchObject({
        bundle: outcome['bundle'],
        state_sequence: outcome['state_sequence'],
        determining: [digestOf(outcome) === open ? 'open' : 'closed'],
      });
    }
  });

  test.each(TRANSPORTS)("is never the caller's choice, over %s", async (transport) => {
    const { world, store, ask, digest: open } = pitfall.current;
    await activate(world, store, closed);
    const expecting = (digest: string) =>
      ask(transport, { ...ASKED, members: { expected_bundle_digest: digest } });

    expect(await expecting(open)).toMatchObject({
      error: 'precondition_failed',
      field: 'expected_bundle_digest',
    });
    expect(await expecting(closed)).toMatchObject({ decision: 'deny', bundle: { digest: closed } });
  });
});

/** Asks over both transports for as long as it takes to activate these, one after the other. */
async function whileChanging(digests: readonly string[]): Promise<readonly Outcome[]> {
  const { world, store, ask } = pitfall.current;
  const outcomes: Outcome[] = [];
  let changing = true;
  const changes = (async () => {
    for (const digest of digests) await activate(world, store, digest);
  })().finally(() => {
    changing = false;
  });

  while (changing) {
    outcomes.push(...(await Promise.all(TRANSPORTS.map((transport) => ask(transport, ASKED)))));
  }
  await changes;

  return outcomes;
}

function digestOf(outcome: Outcome): string {
  return (outcome['bundle'] as { readonly digest: string }).digest;
}
