import { exceedsLimit, LIMITS } from '../limits.ts';
import {
  type RawNode,
  RawObject,
  type TypedEntityInput,
  TypedExtension,
  TypedRecord,
  TypedSet,
} from './raw.ts';

/**
 * Refuses a request that holds too many values, repeated ones too: each takes time to read, and a set keeps one of many.
 * @throws PdpError `too_large` over `request_values`.
 */
export function checkCount(context: RawNode, entities: RawNode | readonly TypedEntityInput[]): void {
  const open: Node[] = [context, ...innerOf(entities)];
  let count = 0;
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    count += 1;
    if (count > LIMITS.request_values) throw exceedsLimit('request_values', 'request');
    for (const inner of innerOf(node)) open.push(inner);
  }
}

type Node = RawNode | TypedEntityInput;

function innerOf(node: Node | readonly TypedEntityInput[]): Iterable<Node> {
  if (node === null || typeof node !== 'object') return [];
  if (isList(node)) return node;
  if (node instanceof RawObject) return node.entries.values();
  if (node instanceof TypedRecord) return node.fields.values();
  if (node instanceof TypedSet) return node.elements;
  if (node instanceof TypedExtension) return node.args;

  return 'attrs' in node ? [node.attrs, node.tags] : [];
}

function isList(node: object): node is readonly Node[] {
  return Array.isArray(node);
}
