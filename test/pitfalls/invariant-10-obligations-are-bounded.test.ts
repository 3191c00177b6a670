import { describe, expect, test } from 'vitest';
import { ASKED, OPEN_DOOR } from './support/open-door.ts';
import { TRANSPORTS, usePitfall } from './support/pitfall.ts';

const pitfall = usePitfall(OPEN_DOOR);

describe.each(TRANSPORTS)('what a client supports, over %s,', (transport) => {
  test.each([
    [
      'is no more than 1,000 ids',
      Array.from({ length: 1_001 }, (_, at) => `o${at}`),
      'supported_obligations',
    ],
    ['has no id over 256 bytes', ['log', 'é'.repeat(129)], 'supported_obligations[1]'],
  ])('%s', async (_, supported, field) => {
    const members = { supported_obligations: supported };

    expect(await pitfall.current.ask(transport, { ...ASKED, members })).toMatchObject({
      error: 'too_large',
      field,
    });
  });

  test('may be repeated and is otherwise of no matter to a policy that obliges to nothing', async () => {
    const members = { supported_obligations: Array.from({ length: 1_000 }, () => 'log') };
    const [plain, supporting] = [
      await pitfall.current.ask(transport, ASKED),
      await pitfall.current.ask(transport, { ...ASKED, members }),
    ];

    expect(supporting).toMatchObject({ decision: 'allow', request_digest: plain['request_digest'] });
    expect(supporting).not.toHaveProperty('obligations');
  });
});
