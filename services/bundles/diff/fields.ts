import { compareText } from '../problem.ts';
import type { Changed, FieldChange } from './report.ts';

/** What of two sets of named values is in one alone or has another value, by name. */
export function changedFields(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly FieldChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort(compareText);

  return names.flatMap((field) => {
    const [old, now] = [before.get(field), after.get(field)];
    if (old === now) return [];

    return [
      { field, ...(old === undefined ? {} : { before: old }), ...(now === undefined ? {} : { after: now }) },
    ];
  });
}

/** The names among changed fields, by what happened to them. */
export function changedNames(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): Changed<string> {
  const fields = changedFields(before, after);

  return {
    added: fields.filter((one) => one.before === undefined).map(({ field }) => field),
    removed: fields.filter((one) => one.after === undefined).map(({ field }) => field),
    changed: fields
      .filter((one) => one.before !== undefined && one.after !== undefined)
      .map(({ field }) => field),
  };
}
