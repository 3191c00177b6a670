/** So many transactions in a row at most: what others hold locked is passed over, and could look like more for ever. */
const ROUNDS = 100;

/**
 * Sweeps until nothing is left. One sweep is one transaction, which bounds what it holds locked; one at a time would be outrun by
 * what comes in, and then that grows without an end.
 * @param sweep `undefined`: another process does.
 * @param isOver whether this process has something else to do, such as to end.
 */
export async function sweepAll<Swept extends { readonly isMore: boolean }>(
  sweep: () => Promise<Swept | undefined>,
  isOver: () => boolean,
): Promise<readonly Swept[]> {
  const all: Swept[] = [];
  while (all.length < ROUNDS && !isOver()) {
    const swept = await sweep();
    if (swept === undefined) break;
    all.push(swept);
    if (!swept.isMore) break;
  }

  return all;
}
