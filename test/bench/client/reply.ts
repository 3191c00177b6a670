import { WIRE_TYPE, WireReader } from '../../../services/pdp/wire/protobuf/reader.ts';

/** Field numbers of the contract. */
const RESPONSE_DECISION = 1;
const RESULT_REQUEST_ID = 1;
const RESULT_RESPONSE = 3;
const BATCH_RESULTS = 1;

const DECISIONS: Readonly<Record<number, string>> = { 1: 'allow', 2: 'deny' };

/** What one AuthorizeResult tells. */
export interface Result {
  readonly requestId: string;
  /** Absent where it is an error. */
  readonly decision: string | undefined;
}

/** The decision of an AuthorizeResponse; `undefined` where it says none. */
export function decisionOf(bytes: Buffer): string | undefined {
  let decision: string | undefined;
  readFields(bytes, (field, value) => {
    if (field === RESPONSE_DECISION && typeof value === 'number') decision = DECISIONS[value];
  });

  return decision;
}

export function resultOf(bytes: Buffer): Result {
  let requestId = '';
  let decision: string | undefined;
  readFields(bytes, (field, value) => {
    if (typeof value === 'number') return;
    if (field === RESULT_REQUEST_ID) requestId = value.toString('latin1');
    if (field === RESULT_RESPONSE) decision = decisionOf(value);
  });

  return { requestId, decision };
}

/** The decisions of an AuthorizeBatchResponse, in order. */
export function batchDecisions(bytes: Buffer): readonly (string | undefined)[] {
  const decisions: (string | undefined)[] = [];
  readFields(bytes, (field, value) => {
    if (field === BATCH_RESULTS && typeof value !== 'number') decisions.push(resultOf(value).decision);
  });

  return decisions;
}

function readFields(bytes: Buffer, onField: (field: number, value: number | Buffer) => void): void {
  const reader = new WireReader(bytes);
  while (reader.position < bytes.length) {
    const tag = reader.uint32(bytes.length);
    if ((tag & 7) === WIRE_TYPE.varint) {
      onField(tag >>> 3, Number(reader.uint64(bytes.length)));
      continue;
    }
    if ((tag & 7) !== WIRE_TYPE.length_delimited) reader.fail('a reply of another contract');

    const end = reader.span(bytes.length);
    onField(tag >>> 3, bytes.subarray(reader.position, end));
    reader.position = end;
  }
}
