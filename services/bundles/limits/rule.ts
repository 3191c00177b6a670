import { createHash } from 'node:crypto';
import { PdpError } from '../../engine/error.ts';
import type { EvaluationRequest } from '../../engine/evaluator.ts';
import { canonicalOf } from '../../engine/value/canonical.ts';
import { CedarRecord, uidKey, type Value } from '../../engine/value/value.ts';
import { parseUidText } from '../uid-text.ts';
import type { LimitDeclaration } from './declaration.ts';
import { type LimitWindow, readWindow, windowText } from './window.ts';

/** A limit ready to count requests. */
export interface LimitRule {
  readonly name: string;
  readonly max: bigint;
  readonly window: LimitWindow;
  /** What its counter is bound to as long as its store knows the name: key and window, in one text. */
  readonly definition: string;
  /** Whether each tree of runs has a counter of its own. */
  readonly isByRun: boolean;
  /**
   * Which counter a request uses: equal for the same parts of the key, and for no others.
   * @param run the root of its run; needed where the limit is by run.
   */
  readonly keyOf: (request: EvaluationRequest, run?: string) => string;
  /**
   * What a request adds.
   * @throws PdpError `invalid_request` where it is negative: that would be a refund.
   */
  readonly costOf: (context: CedarRecord) => bigint;
  /** Whether a use waits for a report of what it really cost: it has a cost of its own, or may be given back. */
  readonly reserved: boolean;
  /** Whether a report may give some of it back. */
  readonly refundable: boolean;
}

/** A longer key is told by its hash; no text of a key begins as one does. */
const MAX_KEY_UNITS = 512;

/** @throws PdpError `internal` where the declaration did not pass `check`. */
export function limitRule(declaration: LimitDeclaration): LimitRule {
  const { name, key, max, cost, refundable } = declaration;
  const window = readWindow(declaration);
  if (typeof window === 'string') throw new PdpError('internal', `the limit ${name} has no window`);
  const path = cost === 1 ? undefined : cost.split('.');

  return {
    name,
    max: BigInt(max),
    window,
    definition: `by [${key.join(', ')}], ${windowText(window)}`,
    isByRun: key.includes('run') || window.kind === 'run',
    keyOf(request, run) {
      const parts = key.map((part) => canonicalOf(part === 'run' ? known(run) : partOf(part, request)));
      const text = bounded(`[${parts.join()}]`);

      // By its beginning it is found when the run is forgotten.
      return window.kind === 'run' ? `run:${known(run)}:${text}` : text;
    },
    costOf: (context) => (path === undefined ? 1n : costAt(context, path)),
    reserved: refundable || path !== undefined,
    refundable,
  };
}

/** The limits of each action, by its key, in the order of their names. */
export function limitsByAction(
  declarations: readonly LimitDeclaration[],
): ReadonlyMap<string, readonly LimitRule[]> {
  const byAction = new Map<string, LimitRule[]>();
  for (const declaration of declarations.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const rule = limitRule(declaration);
    for (const text of declaration.actions) {
      const uid = parseUidText(text);
      if (uid === undefined) throw new PdpError('internal', `the limit ${rule.name} names no action`);
      const key = uidKey(uid.type, uid.id);
      byAction.set(key, [...(byAction.get(key) ?? []), rule]);
    }
  }

  return byAction;
}

function bounded(key: string): string {
  return key.length <= MAX_KEY_UNITS ? key : `sha256:${createHash('sha256').update(key).digest('hex')}`;
}

function known(run: string | undefined): string {
  if (run === undefined) throw new PdpError('internal', 'the run of a limit by run is not known');

  return run;
}

function partOf(part: string, request: EvaluationRequest): Value {
  if (part === 'principal' || part === 'action' || part === 'resource') return request[part];

  const [entity, attribute = ''] = part.split('.');
  const { key } = entity === 'principal' ? request.principal : request.resource;
  const value = request.entity(key)?.attributes.get(attribute);
  if (value === undefined) throw new PdpError('internal', `${part} of a limit's key is not known`);

  return value;
}

function costAt(context: CedarRecord, path: readonly string[]): bigint {
  let value: Value | undefined = context;
  for (const name of path) value = value instanceof CedarRecord ? value.fields.get(name) : undefined;
  if (typeof value !== 'bigint') throw new PdpError('internal', 'the cost of a limit is not known');
  if (value < 0n) {
    const field = `context.${path.join('.')}`;
    throw new PdpError('invalid_request', `${field} is counted by a limit and cannot be negative`, { field });
  }

  return value;
}
