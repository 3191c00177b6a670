import { PdpError } from '../error.ts';

/**
 * The own members of a plain object, `__proto__` among them; none where it is absent.
 * @throws PdpError `internal` for anything else.
 */
export function membersIn(node: unknown): ReadonlyMap<string, unknown> {
  if (node === undefined) return new Map();
  if (typeof node !== 'object' || node === null || Array.isArray(node)) throw unexpected('an object');

  return new Map(Object.entries(node));
}

/** @throws PdpError `internal` where the node is neither absent nor a list. */
export function listIn(node: unknown): readonly unknown[] {
  if (node === undefined) return [];
  if (!Array.isArray(node)) throw unexpected('a list');

  return node;
}

/** @throws PdpError `internal` where the node is neither absent nor a list of texts. */
export function textsIn(node: unknown): readonly string[] {
  return listIn(node).map(textIn);
}

/** @throws PdpError `internal` where the node is no text. */
export function textIn(node: unknown): string {
  if (typeof node !== 'string') throw unexpected('a text');

  return node;
}

function unexpected(wanted: string): PdpError {
  return new PdpError('internal', `the resolved schema lacks ${wanted} where Cedar writes one`);
}
