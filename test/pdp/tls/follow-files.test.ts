import { X509Certificate } from 'node:crypto';
import { chmod, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { describe, expect, test, vi } from 'vitest';
import { issue, writeIssued } from '../../support/x509.ts';
import { DEPLOY, LOOPBACK, overGrpc, overRest, overStream, type TlsWire, withTlsWire } from './support.ts';

/** Puts a file in place of another as a whole, as whoever renews certificates does. */
async function replace(wire: TlsWire, file: string, text: string): Promise<void> {
  const path = join(wire.folder, file);
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

function shownBy(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2', 'http/1.1'] };
    const socket: TLSSocket = connect(options, () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? '');
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

const fingerprint = (cert: string) => new X509Certificate(cert).fingerprint256;

describe('a certificate that is put in place of the server’s', () => {
  test('is shown by every port from then on, and connections that are open go on', async () => {
    await withTlsWire('off', async (wire) => {
      const client = overGrpc(wire, undefined);
      expect(await client.ask(wire.token)).toBe('ok');
      const renewed = issue({ names: LOOPBACK, to: new Date(Date.now() + 90 * 24 * 3_600_000) });

      await writeIssued(wire.folder, 'server', renewed);
      for (const port of [wire.grpcPort, wire.restPort]) {
        await vi.waitFor(async () => expect(await shownBy(port)).toBe(fingerprint(renewed.cert)));
      }

      expect(wire.tls.material().validTo).toBe(new X509Certificate(renewed.cert).validToDate.getTime());
      expect(await client.ask(wire.token)).toBe('ok');
      client.close();
    });
  });

  test('is not taken without its key, and told of; those before go on until both are there', async () => {
    await withTlsWire('off', async (wire) => {
      const renewed = issue({ names: LOOPBACK, authority: true });

      await replace(wire, 'server.crt', renewed.cert);
      await vi.waitFor(() => expect(wire.tls.problem()).toMatch(/are no certificate and its key/));
      expect(await shownBy(wire.restPort)).toBe(fingerprint(wire.server.cert));

      await replace(wire, 'server.key', renewed.key);
      await vi.waitFor(async () => expect(await shownBy(wire.restPort)).toBe(fingerprint(renewed.cert)));
      expect(wire.tls.problem()).toBeUndefined();
    });
  });

  test('is not taken where others may read its key', async () => {
    await withTlsWire('off', async (wire) => {
      await chmod(join(wire.folder, 'server.key'), 0o640);

      await vi.waitFor(() => expect(wire.tls.problem()).toMatch(/open to group or others: chmod 600/));
      expect(await shownBy(wire.restPort)).toBe(fingerprint(wire.server.cert));
    });
  });
});

describe.each([
  ['REST', overRest],
  ['gRPC', overGrpc],
])('an authority that clients are believed by no more, over %s', (_name, over) => {
  test.each(['optional', 'required'] as const)(
    'is believed on no connection, where certificates are %s',
    async (clients) => {
      await withTlsWire(clients, async (wire) => {
        const next = issue({ subject: 'clients', authority: true });
        const before = over(wire, wire.client());
        const after = over(wire, wire.client({ names: [DEPLOY] }, next));
        expect(await before.ask()).toBe('ok');
        expect(await after.ask()).toBe('no connection');

        await replace(wire, 'clients.crt', next.cert);
        // The connection that is open ends by itself; asking for another is refused.
        await vi.waitFor(async () => expect(await before.ask()).toBe('no connection'));
        await vi.waitFor(async () => expect(await after.ask()).toBe('ok'), { timeout: 5_000 });
        expect(new Set(wire.subjects())).toEqual(new Set(['build', 'deploy']));
        before.close();
        after.close();
      });
    },
  );
});

test('authorities are changed without a call that fails, where both are believed for a while', async () => {
  await withTlsWire('required', async (wire) => {
    const next = issue({ subject: 'clients', authority: true });
    const clients = [overRest(wire, wire.client()), overGrpc(wire, wire.client())];
    for (const { ask } of clients) expect(await ask()).toBe('ok');

    await replace(wire, 'clients.crt', `${wire.authority.cert}${next.cert}`);
    await vi.waitFor(() => expect(wire.tls.material().clientCa?.length).toBeGreaterThan(next.cert.length));
    for (const { ask } of clients) expect(await ask()).toBe('ok');
    for (const { close } of clients) close();
    const renewed = overGrpc(wire, wire.client({ names: [DEPLOY] }, next));
    // The port takes over what was read a moment later.
    await vi.waitFor(async () => expect(await renewed.ask()).toBe('ok'), { timeout: 5_000 });
    renewed.close();
  });
});

test('a stream that is open when the authorities change gets its answers, and then has to connect again', async () => {
  await withTlsWire('required', async (wire) => {
    const next = issue({ subject: 'clients', authority: true });
    const stream = overStream(wire, wire.client());
    expect(await stream.ask()).toBe('ok');

    await replace(wire, 'clients.crt', next.cert);
    await vi.waitFor(async () => {
      const late = overRest(wire, wire.client());
      expect(await late.ask()).toBe('no connection');
      late.close();
    });
    expect(await stream.ask()).toBe('ok');
    stream.close();
  });
});
