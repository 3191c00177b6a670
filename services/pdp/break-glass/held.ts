import { uidKey } from '../../engine/value/value.ts';
import type { FollowedGlass } from '../../store/break-glass/follow.ts';
import type { SavedGlass } from '../held-state.ts';
import type { RawUid } from '../types.ts';

/** A break-glass that a process holds, ended by its own clocks as well. */
export interface OpenGlass {
  readonly id: string;
  readonly principalType: string;
  /** `null`: every one of the type. */
  readonly principalId: string | null;
  /** Keys; `null`: all. */
  readonly actions: ReadonlySet<string> | null;
  /** Who opened it, and who approved that. */
  readonly by: readonly string[];
  readonly ticket: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** On the clock of `performance.now()`, which nobody can set. */
  readonly endsAt: number;
  /** As PostgreSQL told of it. */
  readonly followed: SavedGlass;
}

/** By store, the one that lasts longest first. */
export type OpenGlasses = ReadonlyMap<string, readonly OpenGlass[]>;

export const NO_GLASSES: OpenGlasses = new Map();

/** Less than what a question to PostgreSQL takes under load is no other end. */
const SAME_END_MS = 1_000;

/**
 * What a process holds from now on. An end only comes nearer: a clock of PostgreSQL that is set back makes nothing last longer here.
 * @param askedAt when PostgreSQL was asked, on the clock of `performance.now()`.
 * @returns `before` itself where nothing has changed.
 */
export function heldGlasses(
  followed: readonly FollowedGlass[],
  askedAt: number,
  before: OpenGlasses,
): OpenGlasses {
  const known = new Map([...before.values()].flat().map((glass) => [glass.id, glass]));
  const next = new Map<string, OpenGlass[]>();
  let isSame = followed.length === known.size;
  for (const one of followed) {
    const old = known.get(one.id);
    const endsAt = askedAt + one.leftMs;
    const glass = old !== undefined && endsAt > old.endsAt - SAME_END_MS ? old : openGlass(one, endsAt);
    if (glass !== old) isSame = false;
    next.set(one.store, [...(next.get(one.store) ?? []), glass]);
  }
  if (isSame) return before;
  for (const list of next.values())
    list.sort((one, other) => other.until - one.until || (one.id < other.id ? -1 : 1));

  return next;
}

/**
 * What a process holds that starts without PostgreSQL.
 * @param now what time it is at least, in milliseconds since the epoch.
 */
export function restoredGlasses(saved: readonly SavedGlass[], now: number): OpenGlasses {
  const left = saved.map((glass) => ({ ...glass, leftMs: glass.until.getTime() - now }));

  return heldGlasses(
    left.filter(({ leftMs }) => leftMs > 0),
    performance.now(),
    NO_GLASSES,
  );
}

/** The break-glass that stands open for a request now, whether or not its action knows of such a thing. */
export function glassFor(
  glasses: OpenGlasses,
  store: string,
  { principal, action }: { readonly principal: RawUid; readonly action: RawUid },
  now: number,
): OpenGlass | undefined {
  if (glasses.size === 0) return undefined;

  return glasses
    .get(store)
    ?.find(
      (glass) =>
        isOpen(glass, now) &&
        glass.principalType === principal.type &&
        (glass.principalId === null || glass.principalId === principal.id) &&
        (glass.actions === null || glass.actions.has(uidKey(action.type, action.id))),
    );
}

/** By both clocks: whichever says that it is over is believed. */
export function isOpen({ until, endsAt }: OpenGlass, now: number): boolean {
  return now < until && performance.now() < endsAt;
}

function openGlass({ leftMs: _, ...followed }: FollowedGlass, endsAt: number): OpenGlass {
  const { id, principalType, principalId, actions, ticket, openedBy, approvedBy, until } = followed;

  return {
    ...{ id, principalType, principalId, ticket, endsAt, followed },
    actions: actions === null ? null : new Set(actions),
    by: approvedBy === null ? [openedBy] : [openedBy, approvedBy],
    until: until.getTime(),
  };
}
