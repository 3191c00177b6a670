import { PdpError } from '../../engine/error.ts';
import type { EvaluationRequest } from '../../engine/evaluator.ts';
import { declaredFacts, declaredMembers } from '../../engine/facts/assert.ts';
import type { ActionType, Schema } from '../../engine/schema/schema.ts';
import { CedarRecord, CedarSet, uidKey, type Value } from '../../engine/value/value.ts';
import type { LimitRule } from '../limits/rule.ts';
import { parseUidText } from '../uid-text.ts';
import type { LabelsDeclaration } from './declaration.ts';
import { type Lattice, latticeOf } from './lattice.ts';

/** What an action has to do with the run that asks for it. */
export interface RunRule {
  /** Whether it is decided by its run, or leaves labels or uses in it, and so is denied without one; otherwise it is only counted. */
  readonly isNeeded: boolean;
  /** Whether what the run was allowed before is a fact of the action. */
  readonly isFact: boolean;
  /** Of the actions whose counts are such facts: their ids, by their canonical text. */
  readonly counts: ReadonlyMap<string, string>;
  /**
   * The labels that a run takes with an allow, closed downwards; or the first one that the lattice does not know.
   * @param request informed: its entities and its context are those that were judged.
   */
  readonly takes: (request: EvaluationRequest) => TakenLabels;
}

export type TakenLabels = { readonly labels: readonly string[] } | { readonly unknown: string };

/** For the model whose call is denied. */
export function unknownLabel(label: string): string {
  return `The label ${JSON.stringify(label)} is unknown, so no run can take it.`;
}

/** @returns the rules of the actions that have to do with runs, by their keys. */
export function runRules(
  schema: Schema,
  limits: ReadonlyMap<string, readonly LimitRule[]>,
  declared: LabelsDeclaration | undefined,
): ReadonlyMap<string, RunRule> {
  const lattice = latticeOf(declared?.lattice);
  const paths = pathsByAction(declared?.takes ?? {});
  // Groups are asked for by nobody.
  const actions = [...schema.actions.values()].filter(({ principalTypes }) => principalTypes.size > 0);
  const named = new Set(actions.flatMap((action) => declaredMembers(action, 'run', 'actions')));
  const countsAll = actions.some((action) => declaredMembers(action, 'run').includes('steps'));
  const canonical = new Map(actions.map(({ uid }) => [uid.id, uid.canonical()]));
  const rules = new Map<string, RunRule>();

  for (const action of actions) {
    const { key, id } = action.uid;
    const own = paths.get(key) ?? [];
    const isFact = declaresRun(action);
    const isNeeded = isFact || own.length > 0 || (limits.get(key) ?? []).some(({ isByRun }) => isByRun);
    if (!isNeeded && !countsAll && !named.has(id)) continue;
    rules.set(key, {
      isNeeded,
      isFact,
      counts: new Map(
        declaredMembers(action, 'run', 'actions').map((name) => [canonical.get(name) ?? '', name]),
      ),
      takes: (request) => taken(request, own, lattice),
    });
  }

  return rules;
}

function declaresRun(action: ActionType): boolean {
  return declaredFacts(action).includes('run');
}

function pathsByAction(takes: LabelsDeclaration['takes']): ReadonlyMap<string, readonly string[]> {
  const paths = new Map<string, readonly string[]>();
  for (const [text, own] of Object.entries(takes)) {
    const uid = parseUidText(text);
    if (uid === undefined) throw new PdpError('internal', `labels.takes names ${text}, which is no action`);
    paths.set(uidKey(uid.type, uid.id), own);
  }

  return paths;
}

function taken(request: EvaluationRequest, paths: readonly string[], lattice: Lattice): TakenLabels {
  const labels = paths.flatMap((path) => labelsAt(request, path));
  const unknown = labels.find((label) => !lattice.has(label));

  return unknown === undefined ? { labels: lattice.closed(labels) } : { unknown };
}

/** @throws PdpError `internal` where there are none: a path that `check` let pass always leads to labels. */
function labelsAt(request: EvaluationRequest, path: string): readonly string[] {
  const [from, ...names] = path.split('.');
  let value: Value | undefined = from === 'context' ? request.context : attributesOf(request, from);
  for (const name of names) value = value instanceof CedarRecord ? value.fields.get(name) : undefined;
  if (typeof value === 'string') return [value];
  const elements: readonly unknown[] = value instanceof CedarSet ? value.elements : [undefined];
  if (elements.every((element) => typeof element === 'string')) return elements;

  throw new PdpError('internal', `there are no labels at ${path}`);
}

function attributesOf(request: EvaluationRequest, from: string | undefined): CedarRecord | undefined {
  const { key } = from === 'principal' ? request.principal : request.resource;
  const entity = request.entity(key);

  return entity === undefined ? undefined : new CedarRecord(entity.attributes);
}
