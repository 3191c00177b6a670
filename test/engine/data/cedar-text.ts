import { Datetime } from '../../../services/engine/extension/datetime.ts';
import { CedarRecord, CedarSet, EntityUid, type Value } from '../../../services/engine/value/value.ts';
import { cedarString } from './random-schema.ts';

/** A value as an expression of Cedar's policy language: a second, independent way to say what it is. */
export function expressionOf(value: Value): string {
  if (typeof value === 'string') return cedarString(value);
  if (typeof value !== 'object') return String(value);
  if (value instanceof EntityUid) return `${value.type}::${cedarString(value.id)}`;
  if (value instanceof CedarSet) return `[${value.elements.map(expressionOf).join()}]`;
  if (value instanceof CedarRecord) {
    return `{${[...value.fields].map(([name, field]) => `${cedarString(name)}:${expressionOf(field)}`).join()}}`;
  }
  if (value instanceof Datetime) return `datetime("1970-01-01").offset(duration("${value.epochMs}ms"))`;
  if (value.type === 'duration') return `duration("${value.milliseconds}ms")`;

  return `${value.type === 'ipaddr' ? 'ip' : 'decimal'}("${value.text()}")`;
}
