import { isRawArray, type RawNode, RawObject } from '../../../services/engine/raw/raw.ts';

const LAST_LONG = 2n ** 63n - 1n;
const FIRST_LONG = -(2n ** 63n);

/** What stands in the place of a text: none at all, and, where it is a time, the first and the last that there are. */
const TEXTS: readonly RawNode[] = ['', timeAt(FIRST_LONG), timeAt(LAST_LONG)];

/**
 * The tree, each time with one place changed to what a hostile caller would send there: extreme numbers and times, empty
 * texts and sets, the other truth, a member left out. Many of them do not fit the schema any more.
 */
export function* hostileVariants(node: RawNode): Generator<RawNode> {
  if (typeof node === 'boolean') yield !node;
  else if (typeof node === 'bigint') yield* [FIRST_LONG, 0n, LAST_LONG];
  else if (typeof node === 'string') yield* TEXTS;
  else if (isRawArray(node)) {
    yield [];
    for (const [index, element] of node.entries()) {
      for (const variant of hostileVariants(element)) yield node.with(index, variant);
    }
  } else if (node instanceof RawObject) {
    for (const [name, member] of node.entries) {
      yield new RawObject(new Map([...node.entries].filter(([other]) => other !== name)));
      for (const variant of hostileVariants(member)) {
        yield new RawObject(new Map([...node.entries]).set(name, variant));
      }
    }
  }
}

function timeAt(epochMs: bigint): RawNode {
  return call('offset', [call('datetime', ['1970-01-01']), call('duration', [`${epochMs}ms`])]);
}

function call(fn: string, args: readonly RawNode[]): RawNode {
  return new RawObject(
    new Map([
      [
        '__extn',
        new RawObject(
          new Map<string, RawNode>([
            ['fn', fn],
            ['args', args],
          ]),
        ),
      ],
    ]),
  );
}
