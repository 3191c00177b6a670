/** Prints what one record costs the main thread, by the number of records in flight: `node test/ledger/append-bench.ts`. */
import type { Ledger } from '../../services/ledger/ledger.ts';
import { decision } from './support/entries.ts';
import { newKeyring, open, record, withFolder } from './support/ledgers.ts';

const RECORDS = 20_000;
const ROUNDS = 3;
const INPUT = JSON.stringify({ context: 'x'.repeat(450) });

await withFolder(async (folder) => {
  const keyring = await newKeyring(folder);
  for (const level of ['durable', 'flushed'] as const) {
    const ledger = await open({ directory: `${folder}/${level}`, keyring, level, capBytes: 4 * 1024 ** 3 });
    await run(ledger, 32);
    for (const inFlight of [1, 8, 32, 128])
      console.log(level, inFlight, 'in flight:', await run(ledger, inFlight));
    await ledger.close();
  }
});

async function run(ledger: Ledger, inFlight: number): Promise<string> {
  const rounds: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = ledger.stats();
    const cpu = process.threadCpuUsage();
    const start = performance.now();
    let left = inFlight === 1 ? RECORDS / 10 : RECORDS;
    const total = left;
    await Promise.all(
      Array.from({ length: inFlight }, async () => {
        for (; left > 0; left -= 1) await record(ledger, decision(), INPUT);
      }),
    );

    const { user, system } = process.threadCpuUsage(cpu);
    const perGroup = (ledger.stats().recorded - before.recorded) / (ledger.stats().groups - before.groups);
    const perSecond = total / ((performance.now() - start) / 1_000);
    rounds.push(
      `${((user + system) / total).toFixed(1)} µs (${perGroup.toFixed(0)} per group, ${perSecond.toFixed(0)}/s)`,
    );
  }
  return rounds.join(', ');
}
