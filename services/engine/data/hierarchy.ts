import { PdpError } from '../error.ts';
import { overLimit } from '../raw/text.ts';
import { STEP, type Steps } from '../steps.ts';
import type { EntityUid } from '../value/value.ts';

/** How much may stand above one entity; see `limits.ts`. */
export interface HierarchyLimits {
  readonly parent_chain: number;
  readonly entity_ancestors: number;
}

/** A listed entity as far as the hierarchy goes, and its place in the input. */
export interface HierarchyNode {
  readonly uid: EntityUid;
  /** Distinct ones. */
  readonly parents: readonly EntityUid[];
  readonly field: string;
}

/** Of each entity, by its key, what stands above it. */
export type Ancestors = ReadonlyMap<string, Above>;

export interface Above {
  /** The keys of all its direct and indirect parents. */
  readonly ancestors: ReadonlySet<string>;
  /** How many of them stand above each other. */
  readonly chain: number;
}

const NOTHING_ABOVE: Above = { ancestors: new Set(), chain: 0 };

/**
 * Closes the hierarchy over the listed entities, parents before children. A parent that is not listed is an ancestor with
 * nothing above it. Iterative, and ends at the first entity over a limit, so that no chain costs more than its length.
 * @throws PdpError `invalid_request` for a cycle, `too_large` over a limit, naming the entity.
 */
export function closeHierarchy(
  nodes: ReadonlyMap<string, HierarchyNode>,
  limits: HierarchyLimits,
): Ancestors {
  const listed = [...nodes.values()];

  return (
    closeInOrder(listed, nodes, limits) ??
    closeInOrder(listed.toReversed(), nodes, limits) ??
    closeInAnyOrder(nodes, limits)
  );
}

/** The same for whoever serves meanwhile; a list that is in neither order is closed at once. */
export function* closeHierarchyInSteps(
  nodes: ReadonlyMap<string, HierarchyNode>,
  limits: HierarchyLimits,
): Steps<Ancestors> {
  const listed = [...nodes.values()];
  for (const order of [listed, listed.toReversed()]) {
    let closed: Map<string, Above> | undefined = new Map();
    for (let start = 0; closed !== undefined && start < order.length; start += STEP) {
      closed = closeInOrder(order.slice(start, start + STEP), nodes, limits, closed);
      yield;
    }
    if (closed !== undefined) return closed;
  }

  return closeInAnyOrder(nodes, limits);
}

/** `undefined`: a parent stands behind its child. Nearly every list has all parents before their children, or all behind. */
function closeInOrder(
  listed: readonly HierarchyNode[],
  nodes: ReadonlyMap<string, HierarchyNode>,
  limits: HierarchyLimits,
  closed = new Map<string, Above>(),
): Map<string, Above> | undefined {
  for (const node of listed) {
    for (const { key } of node.parents) if (!closed.has(key) && nodes.has(key)) return undefined;
    closed.set(node.uid.key, joinParents(node, closed, limits));
  }

  return closed;
}

function closeInAnyOrder(nodes: ReadonlyMap<string, HierarchyNode>, limits: HierarchyLimits): Ancestors {
  const closed = new Map<string, Above>();
  const children = childrenOf(nodes);
  const waitsFor = new Map(
    [...nodes].map(([key, node]) => [key, node.parents.filter((uid) => nodes.has(uid.key)).length]),
  );
  const ready = [...nodes.values()].filter(({ uid }) => waitsFor.get(uid.key) === 0);

  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    closed.set(node.uid.key, joinParents(node, closed, limits));
    for (const child of children.get(node.uid.key) ?? []) {
      const left = (waitsFor.get(child.uid.key) ?? 0) - 1;
      waitsFor.set(child.uid.key, left);
      if (left === 0) ready.push(child);
    }
  }
  if (closed.size === nodes.size) return closed;

  const caught = nodes.values().find(({ uid }) => waitsFor.get(uid.key) !== 0);
  throw new PdpError('invalid_request', 'an entity is its own ancestor', {
    field: caught?.field ?? 'entities',
  });
}

function childrenOf(
  nodes: ReadonlyMap<string, HierarchyNode>,
): ReadonlyMap<string, readonly HierarchyNode[]> {
  const children = new Map<string, HierarchyNode[]>();
  for (const node of nodes.values()) {
    for (const { key } of node.parents) {
      const siblings = children.get(key);
      if (siblings === undefined) children.set(key, [node]);
      else siblings.push(node);
    }
  }

  return children;
}

function joinParents(node: HierarchyNode, above: ReadonlyMap<string, Above>, limits: HierarchyLimits): Above {
  const ancestors = new Set<string>();
  let chain = 0;
  for (const { key } of node.parents) {
    const parent = above.get(key) ?? NOTHING_ABOVE;
    ancestors.add(key);
    for (const ancestor of parent.ancestors) ancestors.add(ancestor);
    if (ancestors.size > limits.entity_ancestors) throw over('entity_ancestors', limits, node);
    chain = Math.max(chain, parent.chain + 1);
  }
  if (chain > limits.parent_chain) throw over('parent_chain', limits, node);

  return { ancestors, chain };
}

function over(name: keyof HierarchyLimits, limits: HierarchyLimits, { field }: HierarchyNode): PdpError {
  return overLimit({ name, max: limits[name] }, `${field}.parents`);
}
