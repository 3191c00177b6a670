import type { Resource } from '@opentelemetry/resources';
import { AttributeWriter } from './attribute-writer.ts';
import { ProtobufWriter, type Written } from './protobuf-writer.ts';

/** A span or a log record as OTLP's bytes, waiting to be sent. What waits lies in slabs, and is no work for the collector of garbage. */
export interface Encoded extends Written {
  /** The SDK's queues look at it. */
  readonly resource: Resource;
}

/** The instrumentation scope of everything that this process tells. */
export const SCOPE = { name: 'palisade' } as const;

// The messages around spans (opentelemetry/proto/trace/v1/trace.proto) and around log records (logs/v1/logs.proto) have the
// same numbers.
const REQUEST = { resourceItems: 1 } as const;
const RESOURCE_ITEMS = { resource: 1, scopeItems: 2 } as const;
const RESOURCE = { attributes: 1 } as const;
const SCOPE_ITEMS = { scope: 1, items: 2 } as const;
const SCOPE_FIELDS = { name: 1 } as const;

/** More than the resource and the scope take, as a rule. */
const HEAD_BYTES = 4_096;

/** What an item's own encoder opens, so that {@link exportRequest} can take it as it is. */
export const ITEM_FIELD = SCOPE_ITEMS.items;

/** Puts what was encoded into one `ExportTraceServiceRequest` or `ExportLogsServiceRequest`; absent: there is nothing to send. */
export function exportRequest(items: readonly Encoded[]): Uint8Array | undefined {
  const [first] = items;
  if (first === undefined) return undefined;

  const writer = new ProtobufWriter(items.reduce((sum, { start, end }) => sum + end - start, HEAD_BYTES));
  const resourceItems = writer.open(REQUEST.resourceItems);
  const described = writer.open(RESOURCE_ITEMS.resource);
  const attributes = new AttributeWriter(writer, RESOURCE.attributes);
  for (const [key, value] of Object.entries(first.resource.attributes)) {
    attributes.foreign(key, typeof value === 'string' ? value : JSON.stringify(value));
  }
  writer.close(described);
  const scopeItems = writer.open(RESOURCE_ITEMS.scopeItems);
  const scope = writer.open(SCOPE_ITEMS.scope);
  writer.text(SCOPE_FIELDS.name, SCOPE.name);
  writer.close(scope);
  for (const { slab, start, end } of items) writer.raw(slab.subarray(start, end));
  writer.close(scopeItems);
  writer.close(resourceItems);
  const { slab, start, end } = writer.take();

  return slab.subarray(start, end);
}
