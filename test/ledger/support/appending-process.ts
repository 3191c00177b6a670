import { writeSync } from 'node:fs';
import { readKeyring } from '../../../services/ledger/keyring.ts';
import { decision } from './entries.ts';
import { open, record } from './ledgers.ts';

/** Appends without end from several places at once, and says which records were acknowledged: one id per line on stdout. */
const [directory = '', keyringPath = '', level] = process.argv.slice(2);
const ledger = await open({
  directory,
  keyring: await readKeyring(keyringPath),
  processId: 'appending',
  level: level === 'flushed' ? 'flushed' : 'durable',
});

await Promise.all(
  Array.from({ length: 16 }, async (_none, index) => {
    for (;;) {
      const id = await record(ledger, decision(), 'x'.repeat(100 * index));
      writeSync(1, `${id}\n`);
    }
  }),
);
