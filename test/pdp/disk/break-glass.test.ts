import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { glassFor } from '../../../services/pdp/break-glass/held.ts';
import { type Moment, momentNow } from '../../../services/pdp/disk/moment.ts';
import { openSnapshot } from '../../../services/pdp/disk/open.ts';
import { requestGlass } from '../../../services/store/break-glass/open.ts';
import { withDatabase } from '../../support/postgres.ts';
import { GONE, replicaOf, withDisk } from './support.ts';

const MINUTE = 60_000;
const ASKED = { principal: { type: 'User', id: 'fay' }, action: { type: 'Action', id: 'deploy' } };

test.each([
  ['a minute later it is open', { wall: MINUTE, up: MINUTE }, true],
  ['after its time it is over', { wall: 6 * MINUTE, up: 6 * MINUTE }, false],
  [
    'after its time by the machine it is over, though the clock was stopped',
    { wall: 0, up: 6 * MINUTE },
    false,
  ],
  ['after its time by the wall it is over, though the machine was off', { wall: 6 * MINUTE, up: 0 }, false],
])('a break-glass comes back from the disk: %s', async (_what, passed, isOpen) => {
  await withDatabase(async ({ serving }) => {
    await withDisk(async (disk) => {
      const wanted = {
        ...{ store: 'default', principalType: 'User', principalId: 'fay', actions: ['Action::"deploy"'] },
        ...{ reason: 'r', ticket: 't', minutes: 5, openedBy: 'olga' },
      };
      await requestGlass(serving, wanted, randomUUID(), () => Promise.resolve());
      await disk.keep(serving);

      const replica = replicaOf(GONE);
      await replica.restore(await openSnapshot(disk.place, disk.keyring, later(passed)));
      // What this process's own clock of the wall says, which may be the one that was set back.
      const found = glassFor(replica.snapshot().glasses, 'default', ASKED, Date.now());

      expect(found !== undefined).toBe(isOpen);
      if (found !== undefined) {
        expect(found).toMatchObject({ by: ['olga'], ticket: 't' });
        expect(found.endsAt - performance.now()).toBeLessThan(4 * MINUTE + 5_000);
      }
    });
  });
});

function later({ wall, up }: Pick<Moment, 'wall' | 'up'>): () => Moment {
  const now = momentNow();

  return () => ({ ...now, wall: now.wall + wall, up: now.up + up });
}
