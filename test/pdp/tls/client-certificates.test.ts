import { connect, type TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { issue } from '../../support/x509.ts';
import {
  active,
  askRest,
  BUILD,
  type Client,
  type Connect,
  DEPLOY,
  LOOPBACK,
  overGrpc,
  overRest,
  overStream,
  type TlsWire,
  withTlsWire,
} from './support.ts';

const TRANSPORTS: readonly (readonly [string, Connect])[] = [
  ['REST', overRest],
  ['gRPC', overGrpc],
  ['a gRPC stream', overStream],
];
const HOUR_MS = 3_600_000;

async function asking<T>(client: Client, body: (client: Client) => Promise<T>): Promise<T> {
  try {
    return await body(client);
  } finally {
    client.close();
  }
}

const once = (client: Client, token?: string) => asking(client, ({ ask }) => ask(token));

describe.each(TRANSPORTS)('over %s', (_name, over) => {
  describe.each(['optional', 'required'] as const)('where certificates are %s', (clients) => {
    test('one that the authority signed proves the credential that is bound to its name', async () => {
      await withTlsWire(clients, async (wire) => {
        expect(await once(over(wire, wire.client()))).toBe('ok');
        expect(await once(over(wire, wire.client({ names: ['DNS:x.example', DEPLOY] })))).toBe('ok');
        expect(wire.subjects()).toEqual(['build', 'deploy']);
      });
    });

    test('one that does not verify is let in by nothing, not even by a token', async () => {
      await withTlsWire(clients, async (wire) => {
        const other = issue({ subject: 'clients', authority: true });
        const wrong = {
          expired: wire.client({ to: new Date(Date.now() - 1_000) }),
          'not yet valid': wire.client({ from: new Date(Date.now() + HOUR_MS) }),
          'of another authority': wire.client({}, other),
          'of nobody': issue({ names: [BUILD] }),
          'of one whom the authority did not let sign': wire.client({}, wire.client({ subject: 'leaf' })),
        };

        for (const [what, identity] of Object.entries(wrong)) {
          expect(await once(over(wire, identity)), what).toBe('no connection');
          expect(await once(over(wire, identity), wire.token), what).toBe('no connection');
        }
        expect(wire.subjects()).toEqual([]);
      });
    });

    test('one that no credential is bound to is not anonymous, and leaves it to the token', async () => {
      await withTlsWire(clients, async (wire) => {
        const unknown = wire.client({ names: ['URI:spiffe://example.org/agents/other'] });
        const nameless = wire.client({ names: [] });

        expect(await once(over(wire, unknown))).toBe('unauthenticated');
        expect(await once(over(wire, nameless))).toBe('unauthenticated');
        expect(await once(over(wire, unknown), wire.token)).toBe('ok');
        expect(await once(over(wire, unknown), `${wire.token.slice(0, -1)}~`)).toBe('unauthenticated');
        expect(wire.subjects()).toEqual(['token-holder']);
      });
    });

    test('one of a credential beside a token of another is refused', async () => {
      await withTlsWire(clients, async (wire) => {
        expect(await once(over(wire, wire.client()), wire.token)).toBe('unauthenticated');
        expect(await once(over(wire, wire.client()), 'pal_none')).toBe('unauthenticated');
        expect(wire.subjects()).toEqual([]);
      });
    });
  });

  test('nobody connects without one where it is required', async () => {
    await withTlsWire('required', async (wire) => {
      expect(await once(over(wire, undefined))).toBe('no connection');
      expect(await once(over(wire, undefined), wire.token)).toBe('no connection');
    });
  });

  test('who has none is known by a token, or anonymous on loopback, where it is optional', async () => {
    await withTlsWire('optional', async (wire) => {
      expect(await once(over(wire, undefined))).toBe('ok');
      expect(await once(over(wire, undefined), wire.token)).toBe('ok');
      expect(wire.subjects()).toEqual(['anonymous', 'token-holder']);
    });
  });

  test('what is revoked or expires ends on a connection that is open', async () => {
    await withTlsWire('optional', async (wire) => {
      await asking(over(wire, wire.client()), async ({ ask }) => {
        expect(await ask()).toBe('ok');
        wire.active = wire.active.filter(({ name }) => name !== 'build');
        expect(await ask()).toBe('unauthenticated');
      });

      await asking(over(wire, wire.client({ names: [DEPLOY] })), async ({ ask }) => {
        expect(await ask()).toBe('ok');
        wire.active = [
          active({ certificateSan: DEPLOY, secretHash: null, expiresAt: new Date(Date.now() - 1) }),
        ];
        expect(await ask()).toBe('unauthenticated');
      });
    });
  });

  test('a connection does not outlive its certificate', async () => {
    await withTlsWire('optional', async (wire) => {
      const to = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + HOUR_MS);
      await asking(over(wire, wire.client({ to })), async ({ ask }) => {
        wire.clock = () => to.getTime();
        expect(await ask()).toBe('ok');
        wire.clock = () => to.getTime() + 1;
        expect(await ask()).toBe('unauthenticated');
      });
      // Nor does a token make up for it.
      wire.clock = Date.now;
      await asking(over(wire, wire.client({ to, names: [] })), async ({ ask }) => {
        expect(await ask(wire.token)).toBe('ok');
        wire.clock = () => to.getTime() + 1;
        expect(await ask(wire.token)).toBe('unauthenticated');
      });
    });
  });
});

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a session of %s', (maxVersion) => {
  /** Asks once, and gives the session that a next connection could go on with, and whether this one went on with one. */
  async function ask(wire: TlsWire, identity: object, session?: Buffer) {
    let socket: TLSSocket | undefined;
    let next: Buffer | undefined;
    const options = {
      ...{ agent: false as const, ca: wire.server.cert, ...identity, maxVersion },
      ...(session === undefined ? {} : { session }),
      onSocket(of: TLSSocket) {
        socket = of;
        of.on('session', (given) => {
          next = given;
        });
        next = of.getSession();
      },
    } as const;
    const outcome = await askRest(wire.restPort, options);

    return { outcome, session: next, reused: socket?.isSessionReused() };
  }

  test('is resumed where nobody is asked for a certificate', async () => {
    await withTlsWire('off', async (wire) => {
      const { session } = await ask(wire, {});

      expect(await ask(wire, {}, session)).toMatchObject({ outcome: 'ok', reused: true });
    });
  });

  test.each(['optional', 'required'] as const)(
    'is never resumed where certificates are %s: each connection shows its own',
    async (clients) => {
      await withTlsWire(clients, async (wire) => {
        const { outcome, session } = await ask(wire, wire.client());
        expect([outcome, session]).toEqual(['ok', expect.any(Buffer)]);

        expect(await ask(wire, wire.client(), session)).toMatchObject({ outcome: 'ok', reused: false });
        expect(await ask(wire, wire.client({ names: [DEPLOY] }), session)).toMatchObject({ outcome: 'ok' });
        const without = await ask(wire, {}, session);
        expect(without.outcome).toBe(clients === 'optional' ? 'ok' : 'no connection');

        expect(wire.subjects()).toEqual([
          ...['build', 'build', 'deploy'],
          ...(clients === 'optional' ? ['anonymous'] : []),
        ]);
      });
    },
  );
});

describe('the ports', () => {
  test('speak no TLS before 1.2', async () => {
    await withTlsWire('optional', async ({ grpcPort, restPort }) => {
      for (const port of [grpcPort, restPort]) {
        const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
        const failed = new Promise((resolve) => {
          connect({ port, rejectUnauthorized: false, ...old }, () => resolve('connected')).on(
            'error',
            resolve,
          );
        });

        expect(await failed).toMatchObject({ code: expect.stringMatching(/PROTOCOL_VERSION|ECONNRESET/) });
      }
    });
  });

  test('take no connection for gRPC that does not agree on HTTP/2', async () => {
    await withTlsWire('off', async ({ grpcPort }) => {
      for (const ALPNProtocols of [[], ['http/1.1']]) {
        const ended = new Promise((resolve) => {
          const socket = connect({ port: grpcPort, rejectUnauthorized: false, ALPNProtocols });
          socket.on('close', resolve).on('error', () => undefined);
        });
        await ended;
      }
    });
  });

  test('speak to a server of one name as before where nobody is asked for a certificate', async () => {
    await withTlsWire('off', async (wire) => {
      const shown = issue({ names: LOOPBACK });
      for (const [, over] of TRANSPORTS) expect(await once(over(wire, shown), wire.token)).toBe('ok');
      expect(new Set(wire.subjects())).toEqual(new Set(['token-holder']));
    });
  });
});
