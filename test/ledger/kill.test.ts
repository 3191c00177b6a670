import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { verifyChains } from '../../services/ledger/verify.ts';
import { withDatabase } from '../support/postgres.ts';
import { newKeyring, open, withFolder } from './support/ledgers.ts';

const APPENDING = fileURLToPath(new URL('support/appending-process.ts', import.meta.url));
const ROUNDS = 8;

describe('a process killed with SIGKILL while it records', () => {
  test('has every acknowledged record in the log exactly once, at both levels, after another took its spool over', async () => {
    await withDatabase(async ({ serving, owner }) =>
      withFolder(async (folder) => {
        const keyring = await newKeyring(folder);
        const directory = join(folder, 'spool');
        const acknowledged: string[] = [];
        for (let round = 0; round < ROUNDS; round += 1) {
          const level = round % 2 === 0 ? 'durable' : 'flushed';
          const options = [directory, join(folder, 'keyring.json'), level];
          acknowledged.push(...(await appendUntilKilled(options, Math.random() * 300)));

          const ledger = await open({ directory, keyring, pool: serving });
          expect(await ledger.flush(20_000)).toBe(true);
          expect(ledger.stats().adopted).toMatchObject({
            folders: 0,
            stranded: [],
            delivery: { refused: 0, damaged: 0 },
          });
          await ledger.close();
        }

        const { rows } = await owner.query<{ id: string; count: string }>(
          'select decision_id as id, count(*) from decisions group by decision_id',
        );
        const found = new Map(rows.map(({ id, count }) => [id, count]));
        expect(acknowledged.filter((id) => found.get(id) !== '1')).toEqual([]);
        expect(acknowledged.length).toBeGreaterThan(100);
        expect(await verifyChains(serving, 'all')).toMatchObject({ chains: ROUNDS, findings: [] });
        expect(await readdir(directory)).toEqual([]);
      }),
    );
  });
});

/** @returns the ids that were acknowledged before the process died. */
async function appendUntilKilled(options: readonly string[], afterMs: number): Promise<string[]> {
  const child = spawn(process.execPath, [APPENDING, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const end = once(child.stdout, 'close');

  await once(child.stdout, 'data');
  await sleep(afterMs);
  child.kill('SIGKILL');
  await Promise.all([exit, end]);

  return output.split('\n').slice(0, -1);
}
