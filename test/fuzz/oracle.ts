import {
  preparsePolicySet,
  preparseSchema,
  type StatefulAuthorizationCall,
  schemaToJsonWithResolvedTypes,
  statefulIsAuthorized,
} from '@cedar-policy/cedar-wasm/nodejs';
import { isObject } from './exact-json.ts';
import type { FuzzBundle } from './fuzz-bundle.ts';
import type { Reading } from './reading.ts';

/** What Cedar makes of a reading, over the whole bundle; a string is why it does not decide. */
export type OracleAnswer =
  | {
      readonly decision: 'allow' | 'deny';
      readonly reason: readonly string[];
      readonly errors: readonly string[];
    }
  | string;

export interface Oracle {
  /** @param now what the server says that its clock showed. */
  judge(reading: Reading, now: string): OracleAnswer;
  bundleOf(reading: Reading): FuzzBundle | undefined;
  /** Whether it is denied whatever Cedar says, since it comes without a run. */
  needsRun(reading: Reading): boolean;
}

/**
 * The package's own Cedar in this process, with the whole bundle parsed once: no slices, none of Palisade's readers, and the
 * few rules that are Palisade's own written down once more.
 */
export function createOracle(bundles: readonly FuzzBundle[]): Oracle {
  const declared = new Map(bundles.map(({ store, schemaText }) => [store, factsByAction(schemaText)]));
  for (const { store, schemaText, policies } of bundles) {
    check(preparseSchema(store, schemaText));
    check(preparsePolicySet(store, policies as Parameters<typeof preparsePolicySet>[1]));
  }
  const bundleOf = ({ store }: Reading): FuzzBundle | undefined =>
    bundles.find((bundle) => bundle.store === store);

  return {
    bundleOf,

    needsRun(reading) {
      const bundle = bundleOf(reading);
      const id = idOf(reading.action);
      const looks = declared.get(bundle?.store ?? '')?.get(id)?.['run'] !== undefined;

      return looks || bundle?.needRun.has(id) === true;
    },

    judge(reading, now) {
      const bundle = bundleOf(reading);
      if (bundle === undefined) return 'there is no such store';
      const refusal = refusalOf(reading, bundle);
      if (refusal !== undefined) return refusal;

      const { principal, action, resource, context, entities } = reading;
      const own = declared.get(bundle.store)?.get(idOf(action));
      const facts = own === undefined ? {} : { pdp: factsOf(own, now) };
      const call = {
        principal,
        action,
        resource,
        context: { ...(context as object), ...facts },
        entities: [...bundle.entities, ...(entities as readonly unknown[])],
        preparsedPolicySetId: bundle.store,
        preparsedSchemaName: bundle.store,
        validateRequest: true,
      };

      return ask(call as unknown as StatefulAuthorizationCall);
    },
  };
}

function ask(call: StatefulAuthorizationCall): OracleAnswer {
  try {
    const answer = statefulIsAuthorized(call);
    if (answer.type === 'failure') return answer.errors.map(({ message }) => message).join('; ');
    const { decision, diagnostics } = answer.response;

    return {
      decision,
      reason: [...diagnostics.reason].sort(),
      errors: diagnostics.errors.map(({ policyId }) => policyId).sort(),
    };
  } catch (thrown) {
    return String(thrown);
  }
}

/** What a caller may not say, though Cedar would take it. */
function refusalOf({ principal, context, entities }: Reading, bundle: FuzzBundle): string | undefined {
  if (!isObject(context)) return 'the context is no record';
  if (Object.hasOwn(context, 'pdp')) return 'the caller asserts facts';
  if (!Array.isArray(entities)) return 'the entities are no list';

  const listed = entities.map(uidOf);
  if (listed.some((uid) => uid === undefined || !bundle.requestTypes.has(uid.type)))
    return 'the caller lists an entity of another source';
  const asked = uidOf({ uid: principal });
  if (
    asked !== undefined &&
    bundle.requestTypes.has(asked.type) &&
    !listed.some((uid) => uid?.id === asked.id)
  )
    return 'the principal is not listed';

  return undefined;
}

function uidOf(entity: unknown): { readonly type: string; readonly id: string } | undefined {
  const uid = (entity as { readonly uid?: unknown } | null)?.uid as
    | { readonly type?: unknown; readonly id?: unknown; readonly __entity?: unknown }
    | null
    | undefined;
  const inner = (uid?.__entity ?? uid) as
    | { readonly type?: unknown; readonly id?: unknown }
    | null
    | undefined;
  const { type, id } = inner ?? {};

  return typeof type === 'string' && typeof id === 'string' ? { type, id } : undefined;
}

function idOf(action: Reading['action']): string {
  return isObject(action) ? String(action['id']) : '';
}

/** The members of a record type. */
type Members = Readonly<Record<string, { readonly attributes?: Members }>>;

/** What actions declare as `pdp`, by their ids. */
function factsByAction(schemaText: string): ReadonlyMap<string, Members> {
  const answer = schemaToJsonWithResolvedTypes(schemaText);
  if (answer.type !== 'success') throw new Error('a schema that Cedar cannot read');
  const actions = Object.values(answer.json).flatMap((namespace) => Object.entries(namespace.actions));

  return new Map(
    actions.flatMap(([id, { appliesTo }]) => {
      const context = appliesTo?.context as { readonly attributes?: Members } | undefined;
      const pdp = context?.attributes?.['pdp']?.attributes;

      return pdp === undefined ? [] : [[id, pdp] as const];
    }),
  );
}

/** The facts of a request without a run: the time, and what is known of a run that has just begun. */
function factsOf(members: Members, now: string): object {
  const run = { labels: [], steps: 0, actions: {} };
  const parts = Object.keys(members['run']?.attributes ?? {});

  return {
    ...(members['now'] === undefined ? {} : { now }),
    ...(members['run'] === undefined
      ? {}
      : { run: Object.fromEntries(Object.entries(run).filter(([name]) => parts.includes(name))) }),
  };
}

function check(answer: { readonly type: string }): void {
  if (answer.type !== 'success') throw new Error(`the oracle was refused: ${JSON.stringify(answer)}`);
}
