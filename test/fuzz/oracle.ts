import {
  preparsePolicySet,
  preparseSchema,
  type StatefulAuthorizationCall,
  schemaToJson,
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
}

/**
 * The package's own Cedar in this process, with the whole bundle parsed once: no slices, none of Palisade's readers, and the
 * few rules that are Palisade's own written down once more.
 */
export function createOracle(bundles: readonly FuzzBundle[]): Oracle {
  const factActions = new Map(bundles.map(({ store, schemaText }) => [store, actionsWithFacts(schemaText)]));
  for (const { store, schemaText, policies } of bundles) {
    check(preparseSchema(store, schemaText));
    check(preparsePolicySet(store, policies as Parameters<typeof preparsePolicySet>[1]));
  }
  const bundleOf = ({ store }: Reading): FuzzBundle | undefined =>
    bundles.find((bundle) => bundle.store === store);

  return {
    bundleOf,

    judge(reading, now) {
      const bundle = bundleOf(reading);
      if (bundle === undefined) return 'there is no such store';
      const refusal = refusalOf(reading, bundle);
      if (refusal !== undefined) return refusal;

      const { principal, action, resource, context, entities } = reading;
      const id = isObject(action) ? action['id'] : undefined;
      const facts = factActions.get(bundle.store)?.has(String(id)) === true ? { pdp: { now } } : {};
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

function actionsWithFacts(schemaText: string): ReadonlySet<string> {
  const answer = schemaToJson(schemaText);
  if (answer.type !== 'success') throw new Error('a schema that Cedar cannot read');

  return new Set(
    Object.values(answer.json).flatMap(({ actions }) =>
      Object.keys(actions).filter((id) =>
        JSON.stringify(actions[id]?.appliesTo?.context ?? {}).includes('"pdp"'),
      ),
    ),
  );
}

function check(answer: { readonly type: string }): void {
  if (answer.type !== 'success') throw new Error(`the oracle was refused: ${JSON.stringify(answer)}`);
}
