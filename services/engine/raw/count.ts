import { exceedsLimit, LIMITS } from '../limits.ts';
import {
  type Members,
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
  const left = countDown(context, LIMITS.request_values);
  // The list of entities is no value itself.
  if (isList(entities)) countAll(entities, left);
  else countDown(entities, left);
}

type Node = RawNode | TypedEntityInput;

/** @param left how many values there may be; what remains of it is returned. Readers bound the depth. */
function countDown(node: Node, left: number): number {
  if (left === 0) throw exceedsLimit('request_values', 'request');
  if (node === null || typeof node !== 'object') return left - 1;
  if (node instanceof RawObject) return countObject(node, left);
  if (isList(node)) return countAll(node, left - 1);
  if (node instanceof TypedRecord) return countAll(node.fields.values(), left - 1);
  if (node instanceof TypedSet) return countAll(node.elements, left - 1);
  if (node instanceof TypedExtension) return countAll(node.args, left - 1);

  return 'attrs' in node ? countDown(node.tags, countDown(node.attrs, left - 1)) : left - 1;
}

function countObject({ members, values }: RawObject, left: number): number {
  if (values === undefined) return countMembers(members, left - 1);
  if (values > left) throw exceedsLimit('request_values', 'request');

  return left - values;
}

function countMembers(members: Members, left: number): number {
  let remaining = left;
  for (let at = 1; at < members.length; at += 2) remaining = countDown(members[at] ?? null, remaining);

  return remaining;
}

function countAll(nodes: Iterable<Node>, left: number): number {
  let remaining = left;
  for (const node of nodes) remaining = countDown(node, remaining);

  return remaining;
}

function isList(node: unknown): node is readonly Node[] {
  return Array.isArray(node);
}
