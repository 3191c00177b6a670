import { statfsSync } from 'node:fs';
import { PdpError } from '../../engine/error.ts';

/** Room promised to records that are not written yet. */
export interface Reservation {
  /** Gives the room back; to be called once the record is written or given up. Calling it again does nothing. */
  release(): void;
}

export interface SpaceOptions {
  readonly directory: string;
  readonly capBytes: number;
  /** Bytes that lie in the spool now. */
  readonly used: () => number;
  /** Bytes written by this process so far. */
  readonly written: () => number;
}

export interface SpaceAccount {
  /** @throws PdpError `unavailable` if the cap or the file system has no room for so many bytes beside all other reservations. */
  reserve(bytes: number): Reservation;
}

/** How long a look at the file system is good for, corrected by what this process wrote since. */
const LOOK_MS = 1_000;

export function createSpaceAccount({ directory, capBytes, used, written }: SpaceOptions): SpaceAccount {
  let reserved = 0;
  let look = { at: Number.NEGATIVE_INFINITY, free: 0, written: 0 };

  return {
    reserve(bytes) {
      if (used() + reserved + bytes > capBytes) throw full(`its cap of ${capBytes} bytes is reached`);
      if (freeBytes() - reserved < bytes) throw full('its file system has no room');

      reserved += bytes;
      let open = true;
      return {
        release() {
          if (open) reserved -= bytes;
          open = false;
        },
      };
    },
  };

  function freeBytes(): number {
    const now = performance.now();
    if (now - look.at > LOOK_MS) look = { at: now, free: freeOn(directory), written: written() };

    return look.free - (written() - look.written);
  }
}

function freeOn(directory: string): number {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch (cause) {
    throw new PdpError('unavailable', 'the spool of the decision log cannot be reached', { cause });
  }
}

function full(why: string): PdpError {
  return new PdpError('unavailable', `the spool of the decision log is full: ${why}`);
}
