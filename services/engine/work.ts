import type { LoneEntity } from './data/entity.ts';
import { exceedsLimit, LIMITS } from './limits.ts';
import type { Policy } from './policy.ts';
import { CedarRecord, CedarSet, EntityUid, type Value } from './value/value.ts';

/** How large the values under each name are that a request's data holds. */
interface Sizes {
  /** All values together. */
  readonly total: number;
  /** The largest value by the name of its attribute, tag or field. */
  readonly largest: ReadonlyMap<string, number>;
}

/** What a set, a record, or any other value but a text counts besides what is in it, in bytes. */
const VALUE_BYTES = 8;

/**
 * Refuses a request whose policies would compare too much: a short pattern over a short text is nothing, and a long one over
 * a long text is seconds (cedar-policy-core, `ast/pattern.rs` tries every place of the text for the piece after a wildcard).
 * @throws PdpError `too_large` over `evaluation_work`.
 */
export function checkWork(
  policies: readonly Policy[],
  context: CedarRecord,
  entities: readonly LoneEntity[],
): void {
  const weights = weightsOf(policies);
  if (weights.size === 0) return;
  const all = [sizesOf(context), ...entities.map(sizesOfEntity)];
  const total = all.reduce((sum, sizes) => sum + sizes.total, 0);

  // Nearly every request ends here, without a look at single attributes.
  const atMost = [...weights.values()].reduce((sum, weight) => sum + weight, 0) * total;
  if (atMost <= LIMITS.evaluation_work) return;

  let work = 0;
  for (const [attribute, weight] of weights) {
    const size =
      attribute === undefined ? total : Math.max(...all.map(({ largest }) => largest.get(attribute) ?? 0));
    work += weight * size;
  }
  if (work > LIMITS.evaluation_work) throw exceedsLimit('evaluation_work', 'request');
}

function weightsOf(policies: readonly Policy[]): ReadonlyMap<string | undefined, number> {
  const weights = new Map<string | undefined, number>();
  for (const { work } of policies) {
    for (const { attribute, weight } of work) weights.set(attribute, (weights.get(attribute) ?? 0) + weight);
  }

  return weights;
}

const sizes = new WeakMap<LoneEntity, Sizes>();

/** Bundle entities live as long as their bundle, so theirs are kept. */
function sizesOfEntity(entity: LoneEntity): Sizes {
  const known = sizes.get(entity);
  if (known !== undefined) return known;

  const largest = new Map<string, number>();
  const total = measureFields(entity.attributes, largest) + measureFields(entity.tags, largest);
  const measured = { total, largest };
  sizes.set(entity, measured);

  return measured;
}

function sizesOf(record: CedarRecord): Sizes {
  const largest = new Map<string, number>();

  return { total: measure(record, largest), largest };
}

function measure(value: Value, largest: Map<string, number>): number {
  if (typeof value === 'string') return VALUE_BYTES + value.length;
  if (value instanceof EntityUid) return VALUE_BYTES + value.key.length;
  if (value instanceof CedarRecord) return VALUE_BYTES + measureFields(value.fields, largest);
  if (!(value instanceof CedarSet)) return VALUE_BYTES;

  return value.elements.reduce((sum: number, element) => sum + measure(element, largest), VALUE_BYTES);
}

function measureFields(fields: ReadonlyMap<string, Value>, largest: Map<string, number>): number {
  let total = 0;
  for (const [name, value] of fields) {
    const size = measure(value, largest);
    total += size;
    if (size > (largest.get(name) ?? 0)) largest.set(name, size);
  }

  return total;
}
