import { type JsonValue, jsonText } from '../../services/ledger/json.ts';

const IDENTIFIER = /^[A-Za-z_]\w*$/;

/** A value of Cedar's JSON as somebody would write it in a policy: `{scope: Scope::"shared", at: datetime("…")}`. */
export function cedarText(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(cedarText).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return jsonText(value);

  const { __entity: entity, __extn: extension, ...members } = value as EscapedValue;
  if (entity !== undefined) return `${entity.type}::${jsonText(entity.id)}`;
  if (extension !== undefined) return `${extension.fn}(${jsonText(extension.arg)})`;
  const texts = Object.entries(members).map(([name, member]) => `${nameText(name)}: ${cedarText(member)}`);

  return `{${texts.join(', ')}}`;
}

interface EscapedValue {
  readonly [name: string]: JsonValue;
  readonly __entity?: { readonly type: string; readonly id: string };
  readonly __extn?: { readonly fn: string; readonly arg: string };
}

function nameText(name: string): string {
  return IDENTIFIER.test(name) ? name : jsonText(name);
}
