import type { Est, Literal } from '../compiled/shape.ts';
import { CONSTRUCTOR_OF } from '../extension/call.ts';
import { Datetime } from '../extension/datetime.ts';
import { CedarRecord, CedarSet, EntityUid, type ExtensionValue, type Value } from '../value/value.ts';

/** Writes a value as an expression that gives it, adding the literals that it needs. */
export function valueNode(value: Value, literals: Literal[]): Est {
  if (typeof value === 'boolean') return { Value: value };
  if (typeof value !== 'object') return literal({ kind: 'value', json: value }, literals);
  if (value instanceof EntityUid) {
    return literal({ kind: 'value', json: { __entity: { type: value.type, id: value.id } } }, literals);
  }
  if (value instanceof CedarSet)
    return { Set: value.elements.map((element) => valueNode(element, literals)) };
  if (value instanceof CedarRecord) {
    return {
      Record: Object.fromEntries(
        [...value.fields].map(([name, field]) => [name, valueNode(field, literals)]),
      ),
    };
  }

  return extensionNode(value, literals);
}

function extensionNode(value: ExtensionValue, literals: Literal[]): Est {
  if (value instanceof Datetime && !value.isWritable()) {
    const epoch = literal({ kind: 'call', fn: 'datetime', text: '1970-01-01' }, literals);
    const offset = literal({ kind: 'call', fn: 'duration', text: `${value.epochMs}ms` }, literals);

    return { offset: [epoch, offset] };
  }

  return literal({ kind: 'call', fn: CONSTRUCTOR_OF[value.type], text: value.text() }, literals);
}

function literal(value: Literal, literals: Literal[]): Est {
  return { Literal: literals.push(value) - 1 };
}
