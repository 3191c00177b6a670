import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../services/engine/limits.ts';
import { ASKED, OPEN_DOOR } from './support/open-door.ts';
import { refusalOf, TRANSPORTS, usePitfall } from './support/pitfall.ts';

const pitfall = usePitfall(OPEN_DOOR);

/** The user at the bottom, and above it this many teams, each in the next. */
function chain(length: number): object[] {
  const uid = (at: number) => (at === 0 ? { type: 'User', id: 'u' } : { type: 'Team', id: `${at}` });

  return Array.from({ length: length + 1 }, (_, at) => ({
    uid: uid(at),
    attrs: {},
    parents: at < length ? [uid(at + 1)] : [],
  }));
}

describe('a chain of parents', () => {
  test.each(
    TRANSPORTS.flatMap((transport) => [
      [transport, 4_000] as const,
      [transport, LIMITS.request_entities - 1] as const,
    ]),
  )('over %s of %i is refused before anything walks it', async (transport, length) => {
    const entities = JSON.stringify(chain(length));

    expect(await pitfall.current.ask(transport, { ...ASKED, entities })).toMatchObject({
      error: 'too_large',
    });
  });

  test('of 4,000 typed entities is refused', async () => {
    const { entities: _, ...asked } = ASKED;

    expect(await pitfall.current.askTyped(asked, { entities: { entities: chain(4_000) } })).toMatchObject({
      error: 'too_large',
      limit: { name: 'request_entities' },
    });
  });

  test('of 4,000 is refused among the entities of a bundle', async () => {
    const teams = chain(4_000).slice(1);

    expect(await refusalOf({ ...OPEN_DOOR, sources: { User: 'request' }, entities: teams })).toEqual([
      'entity_invalid',
    ]);
  });

  test.each(TRANSPORTS)('over %s that ends in itself is refused', async (transport) => {
    const [user, first, second] = chain(2);
    const entities = JSON.stringify([user, first, { ...second, parents: [{ type: 'Team', id: '1' }] }]);

    expect(await pitfall.current.ask(transport, { ...ASKED, entities })).toMatchObject({
      error: 'invalid_request',
    });
  });

  test.each(TRANSPORTS)('over %s within the limit is walked', async (transport) => {
    const entities = JSON.stringify(chain(LIMITS.parent_chain));

    expect(await pitfall.current.ask(transport, { ...ASKED, entities })).toMatchObject({ decision: 'allow' });
  });
});
