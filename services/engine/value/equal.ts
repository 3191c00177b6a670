import { CedarRecord, CedarSet, EntityUid, type Value } from './value.ts';

/**
 * Cedar's `==`: values of different types are unequal, extension values compare by value and not by spelling, sets and records by
 * what is in them.
 */
export function equal(left: Value, right: Value): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object') return false;
  if (left instanceof EntityUid) {
    return right instanceof EntityUid && left.id === right.id && left.type === right.type;
  }
  if (left instanceof CedarSet) return right instanceof CedarSet && equalSets(left, right);
  if (left instanceof CedarRecord) return right instanceof CedarRecord && equalRecords(left, right);
  if (right instanceof EntityUid || right instanceof CedarSet || right instanceof CedarRecord) return false;

  return left.key === right.key;
}

/** Elements are distinct, so as many that are all there are the same. */
function equalSets(left: CedarSet, right: CedarSet): boolean {
  return (
    left.elements.length === right.elements.length && right.elements.every((element) => left.has(element))
  );
}

function equalRecords(left: CedarRecord, right: CedarRecord): boolean {
  if (left.fields.size !== right.fields.size) return false;
  for (const [name, value] of left.fields) {
    const other = right.fields.get(name);
    if (other === undefined || !equal(value, other)) return false;
  }

  return true;
}
