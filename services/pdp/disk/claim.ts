import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  identifyThisProcess,
  ownerState,
  type ProcessIdentity,
  readOwner,
  type SpoolOwner,
  signOfLife,
  writeOwner,
} from '../../ledger/spool/owner.ts';
import { makeFolder } from './files.ts';

/** The folder of a snapshot, which one process writes at a time. */
export interface Claim {
  /** Takes the folder, or keeps it. @returns who has it where that is somebody else. */
  take(): Promise<SpoolOwner | undefined>;
  signOfLife(): Promise<void>;
  release(): Promise<void>;
}

/** An owner on another host, who cannot be looked up, counts as gone after so long without a sign of life. */
const SILENT_MS = 90_000;

/** Two servers of one name must not keep each other from starting: the first has the folder until it is gone. */
export function createClaim(folder: string): Claim {
  let mine: ProcessIdentity | undefined;

  return {
    async take() {
      await makeFolder(folder);
      const me = await identifyThisProcess();
      const owner = await readOwner(folder);
      if (owner !== undefined && isSame(owner, me)) {
        mine = me;
        return undefined;
      }
      if (owner !== undefined && !(await isGone(owner, me))) {
        mine = undefined;
        return owner;
      }
      await writeOwner(folder, { ...me, created_at: new Date().toISOString(), closed_at: null });
      mine = me;

      return undefined;
    },

    signOfLife: () => signOfLife(folder),

    async release() {
      if (mine !== undefined) await rm(join(folder, 'owner.json'), { force: true });
    },
  };

  async function isGone(owner: SpoolOwner, me: ProcessIdentity): Promise<boolean> {
    const state = await ownerState(folder, owner, me, []);
    if (state !== 'foreign') return state === 'gone';

    return Date.now() - (await stat(join(folder, 'owner.json'))).mtimeMs > SILENT_MS;
  }
}

function isSame(owner: SpoolOwner, me: ProcessIdentity): boolean {
  return (
    owner.host === me.host &&
    owner.boot_id === me.boot_id &&
    owner.pid_namespace === me.pid_namespace &&
    owner.pid === me.pid &&
    owner.process_start_time === me.process_start_time
  );
}
