import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test, vi } from 'vitest';
import { signatureOf } from '../../services/pdp/webhooks/signature.ts';
import { createPool, withTransaction } from '../../services/store/pool.ts';
import { enqueueEvent } from '../../services/store/webhooks/enqueue.ts';
import { blocksOf } from '../docs/markdown.ts';
import { withWorld } from '../support/server.ts';

const SECRET = 'a secret that both of them know, long enough';
const WAIT = { timeout: 20_000, interval: 50 };
const RECEIVERS = [
  { name: 'node', command: process.execPath, file: 'docs/examples/webhook.mjs', language: 'js' },
  { name: 'python', command: 'python3', file: 'docs/examples/webhook.py', language: 'python' },
] as const;

test.each(RECEIVERS)('docs/webhooks.md shows how the receiver in $name verifies', ({ file, language }) => {
  const [shown] = blocksOf('docs/webhooks.md', language);

  expect(readFileSync(file, 'utf8')).toContain(shown?.text);
});

test('a server tells receivers in other processes and other languages, and they believe nobody else', {
  timeout: 60_000,
}, async () => {
  await withWorld(async (world) => {
    const secretFile = join(world.home, 'webhook-secret');
    await writeFile(secretFile, SECRET, { mode: 0o600 });
    const receivers = await Promise.all(
      RECEIVERS.map(async (one) => ({
        ...one,
        ...(await startReceiver(one.command, [one.file, secretFile])),
      })),
    );
    const pool = createPool({ connection: world.database.servingUrl, max: 1 });
    try {
      const file = join(world.home, 'webhooks.json');
      const endpoints = receivers.map(({ name, url }) => ({ name, url, secret_file: secretFile }));
      await writeFile(file, JSON.stringify({ endpoints }), { mode: 0o600 });
      const server = await world.serve({ PALISADE_WEBHOOKS_FILE: file });
      await vi.waitFor(
        async () => expect((await pool.query('select from webhook_endpoints')).rows).toHaveLength(2),
        WAIT,
      );
      await withTransaction(pool, (client) =>
        enqueueEvent(client, {
          store: 'default',
          kind: 'break_glass.opened',
          payload: { ticket: 'Ünïcode "T-1"' },
        }),
      );

      for (const { lines, url } of receivers) {
        await vi.waitFor(() => expect(lines).toHaveLength(1), WAIT);
        const [body = ''] = lines;
        expect(JSON.parse(body)).toMatchObject({
          kind: 'break_glass.opened',
          store: 'default',
          data: { ticket: 'Ünïcode "T-1"' },
        });
        await believesNothingElse(url, body);
        expect(lines).toHaveLength(1);
      }
      await vi.waitFor(async () => {
        const metrics = await (await fetch(`http://${server.addresses.admin}/metrics`)).text();
        for (const { name } of receivers) {
          expect(metrics).toMatch(
            new RegExp(
              `palisade_webhooks_attempts_total\\{[^}]*palisade_webhook="${name}"[^}]*outcome="delivered"\\} 1`,
            ),
          );
        }
      }, WAIT);
    } finally {
      await pool.end();
      for (const { child } of receivers) child.kill('SIGKILL');
    }
  });
});

async function believesNothingElse(url: string, body: string): Promise<void> {
  const now = Date.now();
  const post = async (signature: string, sent = body) =>
    (
      await fetch(url, {
        method: 'POST',
        headers: { 'palisade-signature': signature, 'palisade-event-id': 'forged' },
        body: sent,
      })
    ).status;
  const good = signatureOf(SECRET, body, now);

  expect(await post(signatureOf('another secret, as long as the right one', body, now))).toBe(401);
  expect(await post(signatureOf(SECRET, body, now - 301_000))).toBe(401);
  expect(await post(good, `${body} `)).toBe(401);
  expect(await post(good.replace(/^t=\d+/, `t=${Math.floor(now / 1_000) + 1}`))).toBe(401);
  expect(await post(good.slice(0, -2))).toBe(401);
  expect(await post('')).toBe(401);
  expect(await post('t=,v1=')).toBe(401);
}

async function startReceiver(
  command: string,
  args: readonly string[],
): Promise<{ readonly child: ChildProcess; readonly lines: string[]; readonly url: string }> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const output = createInterface({ input: child.stdout });
  const [first] = (await once(output, 'line')) as [string];
  output.on('line', (line) => lines.push(line));

  return { child, lines, url: `http://127.0.0.1:${/\d+$/.exec(first)?.[0]}/` };
}
