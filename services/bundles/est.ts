import { LIMITS } from '../engine/limits.ts';
import type { Work } from '../engine/policy.ts';
import type { RawUid } from '../engine/raw/raw.ts';
import { uidKey } from '../engine/value/value.ts';
import { workOf } from './work.ts';

/** A node of a policy in Cedar's JSON form. */
type Json = Readonly<Record<string, unknown>>;

/** What the conditions of one policy are made of. */
export interface ConditionFacts {
  /** Expressions inside each other; a chain of one operator counts once. */
  readonly nesting: number;
  /** Operands of the longest chain of one operator; the clauses of a policy are such a chain. */
  readonly chain: number;
  /** Expressions inside each other as Cedar evaluates them, chains and abbreviations spelled out. */
  readonly depth: number;
  /** Entities that the conditions name, each once. */
  readonly literals: readonly RawUid[];
  /** What grows with the data of a request, at most once for each attribute. */
  readonly work: readonly Work[];
  /** Whether `unknown(…)` is called anywhere: it belongs to partial evaluation and has no value. */
  readonly callsUnknown: boolean;
}

/** Operators that text writes as chains without brackets, with where the chain goes on. */
const CHAINS: ReadonlyMap<string, string> = new Map([
  ['&&', 'left'],
  ['||', 'left'],
  ['+', 'left'],
  ['-', 'left'],
  ['*', 'left'],
  ['.', 'left'],
]);

interface Visit {
  readonly node: Json;
  readonly nesting: number;
  readonly depth: number;
  /** The operator that this node goes on a chain of, and its operands so far. */
  readonly chain: { readonly operator: string; readonly operands: number } | undefined;
}

/** Walks the conditions of a policy without recursion: how deep they are is what is being asked. */
export function readConditions(est: Json): ConditionFacts {
  const conditions = Array.isArray(est['conditions']) ? (est['conditions'] as readonly Json[]) : [];
  const literals = new Map<string, RawUid>();
  const work = new Map<string | undefined, number>();
  const open: Visit[] = conditions.map(({ body }) => ({
    node: body as Json,
    nesting: 1,
    depth: conditions.length + 1,
    chain: undefined,
  }));
  let nesting = 0;
  let chain = conditions.length;
  let depth = 0;
  let callsUnknown = false;

  for (let visit = open.pop(); visit !== undefined; visit = open.pop()) {
    const [operator, body] = Object.entries(visit.node)[0] ?? ['', {}];
    const operands = visit.chain?.operator === operator ? visit.chain.operands + 1 : 2;
    const inChain = CHAINS.has(operator) ? operands : 1;
    const own = visit.depth + extraDepth(operator, body as Json);

    nesting = Math.max(nesting, visit.nesting);
    chain = Math.max(chain, inChain, pathLength(operator, body as Json));
    depth = Math.max(depth, own);
    callsUnknown ||= operator === 'unknown';
    const grows = workOf(operator, body as Json);
    if (grows !== undefined) work.set(grows.attribute, (work.get(grows.attribute) ?? 0) + grows.weight);
    if (operator === 'Value') {
      const uid = literalOf(body);
      if (uid !== undefined) literals.set(uidKey(uid.type, uid.id), uid);
      continue;
    }

    for (const [name, child] of childrenOf(operator, body)) {
      const goesOn = CHAINS.get(operator) === name && Object.hasOwn(child, operator);
      open.push({
        node: child,
        nesting: goesOn ? visit.nesting : visit.nesting + 1,
        depth: own + 1,
        chain: goesOn ? { operator, operands } : undefined,
      });
    }
  }

  return {
    nesting,
    chain,
    depth,
    literals: [...literals.values()],
    work: [...work].map(([attribute, weight]) => ({ attribute, weight })),
    callsUnknown,
  };
}

/** The first limit that a policy's conditions are over, in words; `undefined` where there is none. */
export function depthProblem({ nesting, chain, depth }: ConditionFacts): string | undefined {
  if (nesting > LIMITS.expression_nesting) {
    return `expressions are nested ${nesting} deep, over the limit expression_nesting (${LIMITS.expression_nesting})`;
  }
  if (chain > LIMITS.operator_chain) {
    return `a chain has ${chain} operands, over the limit operator_chain (${LIMITS.operator_chain})`;
  }
  if (depth > LIMITS.expression_depth) {
    return `expressions are ${depth} deep with their chains, over the limit expression_depth (${LIMITS.expression_depth})`;
  }

  return undefined;
}

/** The expressions right inside of one. */
function* childrenOf(operator: string, body: unknown): Generator<[string, Json]> {
  if (operator === 'Var' || operator === 'Slot') return;
  if (Array.isArray(body)) {
    for (const element of body) if (isJson(element)) yield ['', element];
    return;
  }
  if (!isJson(body)) return;

  for (const [name, child] of Object.entries(body))
    if (isJson(child) && !Array.isArray(child)) yield [name, child];
}

/** Cedar evaluates `a != b` as `!(a == b)`, `a > b` as `!(a <= b)`, `a is T in b` and `a has b.c` as chains of `&&`. */
function extraDepth(operator: string, body: Json): number {
  if (operator === '!=' || operator === '>' || operator === '>=') return 1;
  if (operator === 'is') return 1;

  return 2 * (pathLength(operator, body) - 1);
}

function pathLength(operator: string, body: Json): number {
  return operator === 'has' && Array.isArray(body['attr']) ? body['attr'].length : 1;
}

function literalOf(value: unknown): RawUid | undefined {
  const entity = isJson(value) ? value['__entity'] : undefined;
  if (!isJson(entity) || typeof entity['type'] !== 'string' || typeof entity['id'] !== 'string')
    return undefined;

  return { type: entity['type'], id: entity['id'] };
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}
