import { quoted, shownUid } from '../../engine/value/shown-text.ts';
import {
  type CedarRecord,
  CedarSet,
  EntityUid,
  CedarRecord as RecordValue,
  type Value,
} from '../../engine/value/value.ts';

/** One value of a request as people read it. */
export interface ShownField {
  /** Where it stands, such as `input.note`; a name that is no identifier as `["a b"]`. */
  readonly path: string;
  /** Cedar text, in which nothing can hide; empty where it is redacted. */
  readonly value: string;
  readonly redacted: boolean;
}

/**
 * All values of a record, each on its own, in the order of their paths.
 * @param redacted paths that are not shown, with all that is below them.
 */
export function shownFields(record: CedarRecord, redacted: readonly string[] = []): readonly ShownField[] {
  const hidden = new Set(redacted);

  return fieldsOf(record, '', hidden);
}

function fieldsOf(record: CedarRecord, above: string, hidden: ReadonlySet<string>): readonly ShownField[] {
  const names = [...record.fields.keys()].sort();

  return names.flatMap((name) => {
    const value = record.fields.get(name);
    const path = pathOf(above, name);
    if (value === undefined) return [];
    if (hidden.has(path)) return [{ path, value: '', redacted: true }];
    if (value instanceof RecordValue && value.fields.size > 0) return fieldsOf(value, path, hidden);

    return [{ path, value: shownValue(value), redacted: false }];
  });
}

/** A value as Cedar text. */
export function shownValue(value: Value): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value !== 'object') return String(value);
  if (value instanceof EntityUid) return shownUid(value);
  if (value instanceof CedarSet) return `[${value.elements.map(shownValue).sort().join(', ')}]`;
  if (value instanceof RecordValue) {
    return `{${[...value.fields].map(([name, member]) => `${quoted(name)}: ${shownValue(member)}`).join(', ')}}`;
  }

  return `${FUNCTIONS[value.type]}(${quoted(value.text())})`;
}

const FUNCTIONS = { ipaddr: 'ip', decimal: 'decimal', datetime: 'datetime', duration: 'duration' } as const;

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

function pathOf(above: string, name: string): string {
  if (!IDENTIFIER.test(name)) return `${above}[${quoted(name)}]`;

  return above === '' ? name : `${above}.${name}`;
}
