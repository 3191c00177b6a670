import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { z } from 'zod';
import { SnapshotError } from './snapshot-error.ts';

/** A moment by two clocks: the wall's, which can be set, and the machine's since its start, which cannot and ends with it. */
export const MOMENT = z.strictObject({
  /** Milliseconds since the epoch. */
  wall: z.number().nonnegative(),
  /** The kernel's boot; `null` where there is no telling. */
  boot: z.string().nullable(),
  /** Milliseconds since that boot, sleep included. */
  up: z.number().nonnegative(),
});
export type Moment = z.infer<typeof MOMENT>;

/** How far a clock may run behind the one that stamped the file before it counts as set back. */
const TOLERANCE_MS = 5_000;

export function momentNow(): Moment {
  return { wall: Date.now(), boot: kernelBoot(), up: uptime() * 1_000 };
}

/** The moment that was so long ago. */
export function momentBefore(now: Moment, ms: number): Moment {
  return { ...now, wall: Math.max(0, now.wall - ms), up: Math.max(0, now.up - ms) };
}

/**
 * Milliseconds between two moments, by whichever clock says more: a clock that was set back makes nothing younger. Within one boot of
 * the machine that is exact whatever is done to the wall's clock.
 * @throws SnapshotError where a clock has gone back, so that nobody can tell.
 */
export function elapsed(since: Moment, now: Moment): number {
  const byWall = now.wall - since.wall;
  const byMachine = since.boot !== null && since.boot === now.boot ? now.up - since.up : byWall;
  if (Math.min(byWall, byMachine) < -TOLERANCE_MS) {
    throw new SnapshotError(
      `the snapshot is from ${new Date(since.wall).toISOString()}, and this clock says ${new Date(now.wall).toISOString()}: ` +
        'how old it is cannot be told. Set the clock, or start with PostgreSQL',
    );
  }

  return Math.max(0, byWall, byMachine);
}

function kernelBoot(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
}
