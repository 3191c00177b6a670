import { CedarRecord, CedarSet, EntityUid, type Value } from './value.ts';

/** Told how many members two sets or records are about to be compared by, at every level. */
export type OnCompare = (members: number) => void;

/**
 * Cedar's `==`: values of different types are unequal, extension values compare by value and not by spelling, sets and records by
 * what is in them.
 */
export function equal(left: Value, right: Value, onCompare: OnCompare = ignore): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object') return false;
  if (left instanceof EntityUid) {
    return right instanceof EntityUid && left.id === right.id && left.type === right.type;
  }
  if (left instanceof CedarSet) return right instanceof CedarSet && equalSets(left, right, onCompare);
  if (left instanceof CedarRecord)
    return right instanceof CedarRecord && equalRecords(left, right, onCompare);
  if (right instanceof EntityUid || right instanceof CedarSet || right instanceof CedarRecord) return false;

  return left.key === right.key;
}

/** Elements are distinct, so as many that are all there are the same. */
function equalSets(left: CedarSet, right: CedarSet, onCompare: OnCompare): boolean {
  if (left.elements.length !== right.elements.length) return false;
  onCompare(left.elements.length);

  return right.elements.every((element) => left.has(element));
}

function equalRecords(left: CedarRecord, right: CedarRecord, onCompare: OnCompare): boolean {
  if (left.fields.size !== right.fields.size) return false;
  onCompare(left.fields.size);
  for (const [name, value] of left.fields) {
    const other = right.fields.get(name);
    if (other === undefined || !equal(value, other, onCompare)) return false;
  }

  return true;
}

function ignore(): void {}
