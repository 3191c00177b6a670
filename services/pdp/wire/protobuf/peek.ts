import { exceedsLimit, LIMITS } from '../../../engine/limits.ts';
import { WIRE_TYPE, WireReader } from './reader.ts';

const REQUESTS = 1;
const REQUEST_ID = 9;

/**
 * Cuts an AuthorizeBatchRequest into its requests without decoding them, so that one bad request spoils only itself.
 * @throws PdpError `invalid_request` where the cut is not clear; `too_large` over `batch_items`.
 */
export function batchItems(bytes: Buffer): Buffer[] {
  const reader = new WireReader(bytes);
  const items: Buffer[] = [];
  while (reader.position < bytes.length) {
    const tag = reader.uint32(bytes.length);
    if (tag >>> 3 !== REQUESTS) reader.fail(`unknown field number ${tag >>> 3}`);
    if ((tag & 7) !== WIRE_TYPE.length_delimited) reader.fail('requests has a wrong wire type');
    if (items.length >= LIMITS.batch_items) throw exceedsLimit('batch_items', 'requests');

    items.push(take(reader));
  }

  return items;
}

/** Finds the `request_id` of an AuthorizeRequest that does not decode, to name it in the error; empty where unclear. */
export function peekRequestId(bytes: Buffer): string {
  const reader = new WireReader(bytes);
  let requestId = '';
  try {
    while (reader.position < bytes.length) {
      const tag = reader.uint32(bytes.length);
      if ((tag & 7) === WIRE_TYPE.varint) reader.uint64(bytes.length);
      else if ((tag & 7) !== WIRE_TYPE.length_delimited) return '';
      else if (tag >>> 3 !== REQUEST_ID) take(reader);
      else if (requestId !== '') return '';
      else requestId = reader.text(reader.span(bytes.length));
    }
  } catch {
    return '';
  }

  return Buffer.byteLength(requestId) > LIMITS.identifier_bytes ? '' : requestId;
}

function take(reader: WireReader): Buffer {
  const end = reader.span(reader.bytes.length);
  const taken = reader.bytes.subarray(reader.position, end);
  reader.position = end;

  return taken;
}
