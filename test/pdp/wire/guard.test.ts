import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { checkOrigin } from '../../../services/pdp/wire/rest/guard.ts';

const withHost = (host: string) => ({ headersDistinct: { host: [host] } }) as unknown as IncomingMessage;

test.each(['', 'a b', '[::1', 'evil.example/', ':7180', '::1'])(
  'refuses the malformed Host %j, whatever names the server goes by',
  (host) => {
    // An empty name must not stand for everything that has none.
    expect(() => checkOrigin(withHost(host), new Set(['', 'palisade.example']))).toThrow(
      expect.objectContaining({ code: 'permission_denied', field: 'Host' }),
    );
  },
);

test.each(['palisade.example', 'PALISADE.example:7180', '127.0.0.1:7180', '[::1]:7180', 'localhost'])(
  'answers to the Host %j',
  (host) => {
    expect(() => checkOrigin(withHost(host), new Set(['palisade.example']))).not.toThrow();
  },
);
