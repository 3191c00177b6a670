import { setImmediate } from 'node:timers/promises';

/** How long one large request may hold the thread before others get a turn. */
const TURN_MS = 5;

/** Maps items in order and lets other requests in between whenever a turn is used up. */
export async function mapInTurns<Item, Mapped>(
  items: readonly Item[],
  map: (item: Item) => Mapped,
): Promise<Mapped[]> {
  const mapped: Mapped[] = [];
  let turnEnds = performance.now() + TURN_MS;
  for (const item of items) {
    mapped.push(map(item));
    if (performance.now() < turnEnds) continue;

    await setImmediate();
    turnEnds = performance.now() + TURN_MS;
  }

  return mapped;
}
