import type { LimitName } from '../../../engine/limits.ts';

/** A message that the strict decoder reads: its fields by number. */
export interface MessageSchema {
  readonly fields: ReadonlyMap<number, FieldSchema>;
  /** What a field is that does not come; lists are apart, because each message needs its own. */
  readonly absent: Readonly<Record<string, unknown>>;
  readonly lists: readonly string[];
  /** Counts towards `json_depth`: it holds values that may hold it again. */
  readonly container: boolean;
}

export interface FieldSchema {
  readonly name: string;
  readonly type: FieldType;
  readonly repeated: boolean;
  /** The oneof that it belongs to; of its members at most one may come. */
  readonly oneof: string | undefined;
  /** Caps the number of elements of a repeated field, and the UTF-8 bytes of a string that is not repeated. */
  readonly limit: LimitName | undefined;
}

export type FieldType =
  | { readonly kind: 'string' | 'bool' | 'uint64' | 'sint64' }
  /** Names by number; a number without a name is refused. */
  | { readonly kind: 'enum'; readonly names: readonly string[] }
  /** Read when needed, because messages may hold themselves. */
  | { readonly kind: 'message'; readonly schema: () => MessageSchema };

interface FieldOptions {
  readonly repeated?: boolean;
  readonly oneof?: string;
  readonly limit?: LimitName;
}

export function message(
  fields: Readonly<Record<number, FieldSchema>>,
  options: { readonly container?: boolean } = {},
): MessageSchema {
  const all = Object.values(fields);
  const singular = all.filter(({ repeated, oneof }) => !repeated && oneof === undefined);

  return {
    fields: new Map(Object.entries(fields).map(([number, field]) => [Number(number), field])),
    absent: Object.fromEntries(singular.map(({ name, type }) => [name, absentValue(type)])),
    lists: all.filter(({ repeated }) => repeated).map(({ name }) => name),
    container: options.container ?? false,
  };
}

export function scalar(
  name: string,
  kind: 'string' | 'bool' | 'uint64' | 'sint64',
  options: FieldOptions = {},
): FieldSchema {
  return field(name, { kind }, options);
}

export function enumeration(name: string, names: readonly string[]): FieldSchema {
  return field(name, { kind: 'enum', names }, {});
}

export function nested(name: string, schema: () => MessageSchema, options: FieldOptions = {}): FieldSchema {
  return field(name, { kind: 'message', schema }, options);
}

function field(name: string, type: FieldType, options: FieldOptions): FieldSchema {
  return {
    name,
    type,
    repeated: options.repeated ?? false,
    oneof: options.oneof,
    limit: options.limit,
  };
}

function absentValue(type: FieldType): unknown {
  switch (type.kind) {
    case 'string':
      return '';
    case 'bool':
      return false;
    case 'uint64':
    case 'sint64':
      return '0';
    case 'enum':
      return type.names[0];
    case 'message':
      return null;
  }
}
