import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PdpError } from '../../../services/engine/error.ts';
import { LIMITS } from '../../../services/engine/limits.ts';
import type { AuthorizationServiceDefinition } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizationService.ts';
import type { AuthorizeRequest } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizeRequest.ts';
import { CONTRACT, SERVICE_NAME } from '../../../services/pdp/wire/grpc/contract.ts';
import {
  ANSWER_APPROVAL_REQUEST,
  GET_APPROVAL_REQUEST,
  LIST_APPROVALS_REQUEST,
} from '../../../services/pdp/wire/protobuf/approval-schema.ts';
import { decodeMessage } from '../../../services/pdp/wire/protobuf/decode.ts';
import { batchItems, peekRequestId } from '../../../services/pdp/wire/protobuf/peek.ts';
import {
  AUTHORIZE_REQUEST,
  CONSTRAINTS_REQUEST,
  REPORT_OUTCOME_REQUEST,
  RUN_REQUEST,
  START_RUN_REQUEST,
  WAIT_REQUEST,
} from '../../../services/pdp/wire/protobuf/request-schema.ts';
import type { MessageSchema } from '../../../services/pdp/wire/protobuf/schema.ts';
import {
  lengthDelimited,
  nestedSets,
  number,
  recordBytes,
  requestBytes,
  uid,
  varint,
} from './protobuf-bytes.ts';
import { PARC } from './support.ts';

const { Authorize } = CONTRACT[SERVICE_NAME] as unknown as AuthorizationServiceDefinition;

describe('the schema of requests', () => {
  test('says of every message what the proto file says', () => {
    const proto = ['authorization', 'approvals']
      .map((name) => new URL(`../../../proto/palisade/v1/${name}.proto`, import.meta.url))
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');

    const all = [
      ...reachable('AuthorizeRequest', AUTHORIZE_REQUEST),
      ...reachable('ConstraintsRequest', CONSTRAINTS_REQUEST),
      ...reachable('ReportOutcomeRequest', REPORT_OUTCOME_REQUEST),
      ...reachable('StartRunRequest', START_RUN_REQUEST),
      ...reachable('EndRunRequest', RUN_REQUEST),
      ...reachable('GetRunRequest', RUN_REQUEST),
      ...reachable('WaitForApprovalRequest', WAIT_REQUEST),
      ...reachable('ListApprovalsRequest', LIST_APPROVALS_REQUEST),
      ...reachable('GetApprovalRequest', GET_APPROVAL_REQUEST),
      ...reachable('AnswerApprovalRequest', ANSWER_APPROVAL_REQUEST),
    ];

    for (const [name, schema] of all) {
      expect(describeSchema(schema), name).toEqual(describeProto(proto, name));
    }
  });
});

describe('the strict decoder', () => {
  test('reads what the stock encoder writes exactly as the stock decoder does', () => {
    fc.assert(
      fc.property(requests(), (request) => {
        const bytes = Authorize.requestSerialize(request);
        expect(decodeMessage(AUTHORIZE_REQUEST, bytes)).toEqual({ ...Authorize.requestDeserialize(bytes) });
      }),
      { numRuns: 500 },
    );
  });

  test('never does anything but decode or refuse, whatever the bytes', () => {
    fc.assert(
      fc.property(
        requests(),
        fc.infiniteStream(fc.nat()),
        fc.integer({ min: 1, max: 8 }),
        (request, noise, changes) => {
          const bytes = Buffer.from(Authorize.requestSerialize(request));
          for (let change = 0; change < changes && bytes.length > 0; change += 1) {
            bytes[(noise.next().value ?? 0) % bytes.length] = noise.next().value ?? 0;
          }
          expect(['decoded', 'invalid_request', 'too_large']).toContain(outcome(bytes));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('keeps 64-bit numbers exact to the last one', () => {
    const bytes = requestBytes(
      number(15, 2n ** 64n - 1n),
      lengthDelimited(4, recordBytes('n', number(2, 2n ** 64n - 1n))),
    );

    expect(decodeMessage(AUTHORIZE_REQUEST, bytes)).toMatchObject({
      at_least_sequence: '18446744073709551615',
      context: { fields: [{ name: 'n', value: { long: '-9223372036854775808', kind: 'long' } }] },
    });
  });

  test.each([
    ['a principal that comes twice', requestBytes(lengthDelimited(1, uid('Other'))), 'principal'],
    [
      'a policy store that comes twice',
      requestBytes(lengthDelimited(8, 'a'), lengthDelimited(8, 'b')),
      'policy_store',
    ],
    [
      'an id that comes twice within the principal',
      lengthDelimited(1, Buffer.concat([uid(), lengthDelimited(2, 'j')])),
      'principal.id',
    ],
    [
      'both forms of the context',
      requestBytes(lengthDelimited(4, ''), lengthDelimited(5, '{}')),
      'context_json',
    ],
    [
      'both forms of the entities',
      requestBytes(lengthDelimited(7, '[]'), lengthDelimited(6, '')),
      'entities',
    ],
    [
      'a value of two kinds',
      requestBytes(lengthDelimited(4, recordBytes('n', Buffer.concat([number(1, 1), number(2, 2)])))),
      'context.fields[0].value.long',
    ],
    ['an unknown field', requestBytes(number(19, 1)), ''],
    [
      'an unknown field within a value',
      requestBytes(lengthDelimited(4, recordBytes('n', number(8, 1)))),
      'context.fields[0].value',
    ],
    ['field number 0', requestBytes(varint(2), varint(0)), ''],
    ['an unknown mode', requestBytes(number(12, 3)), 'mode'],
    ['a negative mode', requestBytes(number(12, 2n ** 64n - 1n)), 'mode'],
    [
      'a bool of 2',
      requestBytes(lengthDelimited(4, recordBytes('n', number(1, 2)))),
      'context.fields[0].value.bool',
    ],
    ['a string as a number', requestBytes(number(8, 1)), 'policy_store'],
    ['a group', requestBytes(varint((8 << 3) | 3), varint((8 << 3) | 4)), 'policy_store'],
    [
      'a number over 64 bits',
      requestBytes(varint(15 << 3), Buffer.alloc(9, 0xff), Buffer.from([0x02])),
      'at_least_sequence',
    ],
    ['a number without end', requestBytes(varint(15 << 3), Buffer.alloc(11, 0x80)), 'at_least_sequence'],
    ['a tag over 32 bits', requestBytes(Buffer.alloc(5, 0xff)), ''],
    ['a length past the end', requestBytes(varint((8 << 3) | 2), varint(1_000)), 'policy_store'],
    [
      'an inner length past the outer end',
      requestBytes(lengthDelimited(11, Buffer.from([0x0a, 0x05, 0x61]))),
      'run.run_id',
    ],
    ['bytes cut short', requestBytes(lengthDelimited(8, 'abc')).subarray(0, -1), 'policy_store'],
    ['a lone continuation byte', requestBytes(lengthDelimited(8, Buffer.from([0x61, 0x80]))), 'policy_store'],
    ['an overlong encoding', requestBytes(lengthDelimited(8, Buffer.from([0xc0, 0xaf]))), 'policy_store'],
    [
      'an encoded surrogate',
      requestBytes(lengthDelimited(8, Buffer.from([0xed, 0xa0, 0x80]))),
      'policy_store',
    ],
    [
      'a code point over U+10FFFF',
      requestBytes(lengthDelimited(8, Buffer.from([0xf4, 0x90, 0x80, 0x80]))),
      'policy_store',
    ],
    ['U+FFFD itself', requestBytes(lengthDelimited(8, 'a\uFFFDb')), 'policy_store'],
    [
      'bad UTF-8 in a field name',
      requestBytes(lengthDelimited(4, lengthDelimited(1, lengthDelimited(1, Buffer.from([0xff]))))),
      'context.fields[0].name',
    ],
  ])('refuses %s', (_what, bytes, field) => {
    expect(refusal(bytes)).toMatchObject({ code: 'invalid_request', field });
  });

  test.each([
    ['json_depth', lengthDelimited(4, recordBytes('n', nestedSets(LIMITS.json_depth)))],
    ['json_depth', lengthDelimited(4, recordBytes('n', nestedSets(40_000)))],
    ['string_bytes', lengthDelimited(8, 'x'.repeat(LIMITS.string_bytes + 1))],
    [
      'set_elements',
      lengthDelimited(
        4,
        recordBytes(
          'n',
          lengthDelimited(
            6,
            Buffer.concat(Array(LIMITS.set_elements + 1).fill(lengthDelimited(1, number(1, 1)))),
          ),
        ),
      ),
    ],
    [
      'record_fields',
      lengthDelimited(4, Buffer.concat(Array(LIMITS.record_fields + 1).fill(lengthDelimited(1, '')))),
    ],
    [
      'request_entities',
      lengthDelimited(6, Buffer.concat(Array(LIMITS.request_entities + 1).fill(lengthDelimited(1, '')))),
    ],
  ])('refuses what is over %s', (name, more) => {
    expect(refusal(requestBytes(more))).toMatchObject({ code: 'too_large', limit: { name } });
  });

  test('admits values as deep as the limit says', () => {
    expect(
      outcome(requestBytes(lengthDelimited(4, recordBytes('n', nestedSets(LIMITS.json_depth - 1))))),
    ).toBe('decoded');
  });
});

describe('a batch is cut', () => {
  test('without reading its requests', () => {
    const garbage = Buffer.from([0xff, 0xff]);

    expect(
      batchItems(
        Buffer.concat([lengthDelimited(1, uid()), lengthDelimited(1, garbage), lengthDelimited(1, '')]),
      ),
    ).toEqual([uid(), garbage, Buffer.alloc(0)]);
  });

  test('into at most as many as the limit says', () => {
    const items = (count: number) => Buffer.concat(Array(count).fill(lengthDelimited(1, '')));

    expect(batchItems(items(LIMITS.batch_items))).toHaveLength(LIMITS.batch_items);
    expect(() => batchItems(items(LIMITS.batch_items + 1))).toThrow(PdpError);
  });

  test.each([
    ['an unknown field', number(2, 1)],
    ['a wrong wire type', number(1, 1)],
    ['a length past the end', Buffer.from([0x0a, 0x05])],
  ])('not at all where it holds %s', (_what, bytes) => {
    expect(() => batchItems(bytes)).toThrow(PdpError);
  });
});

describe('the request_id of a request that does not decode', () => {
  test.each([
    ['is found past what is wrong', requestBytes(number(99, 1), lengthDelimited(9, 'r-1')), 'r-1'],
    ['is empty where it comes twice', requestBytes(lengthDelimited(9, 'r-1'), lengthDelimited(9, 'r-2')), ''],
    ['is empty where the bytes have no structure', Buffer.from([0xff, 0xff, 0xff]), ''],
    ['is empty where it is no text', requestBytes(lengthDelimited(9, Buffer.from([0xff]))), ''],
    [
      'is empty where it is too long',
      requestBytes(lengthDelimited(9, 'x'.repeat(LIMITS.identifier_bytes + 1))),
      '',
    ],
  ])('%s', (_what, bytes, id) => {
    expect(peekRequestId(bytes)).toBe(id);
  });
});

function refusal(bytes: Buffer): PdpError | undefined {
  try {
    decodeMessage(AUTHORIZE_REQUEST, bytes);
  } catch (thrown) {
    if (thrown instanceof PdpError) return thrown;
    throw thrown;
  }

  return undefined;
}

function outcome(bytes: Buffer): string {
  return refusal(bytes)?.code ?? 'decoded';
}

function reachable(
  name: string,
  schema: MessageSchema,
  found = new Map<string, MessageSchema>(),
): Map<string, MessageSchema> {
  if (found.has(name)) return found;

  found.set(name, schema);
  for (const field of schema.fields.values()) {
    if (field.type.kind === 'message') reachable(messageOf(name, field.name), field.type.schema(), found);
  }

  return found;
}

/** The type of a message field, looked up in the contract rather than in the schema that is being checked. */
function messageOf(message: string, field: string): string {
  const { type } = CONTRACT[`palisade.v1.${message}`] as {
    type: { field: { name: string; typeName: string }[] };
  };

  return type.field.find(({ name }) => name === field)?.typeName ?? '';
}

function describeSchema(schema: MessageSchema): string[] {
  return [...schema.fields].map(([tag, { name, type, repeated, oneof }]) => {
    const kind = type.kind === 'message' || type.kind === 'enum' ? 'named' : type.kind;
    const values = type.kind === 'enum' ? ` {${type.names}}` : '';
    return `${oneof ?? ''}|${repeated ? 'repeated ' : ''}${kind} ${name} = ${tag}${values}`;
  });
}

function describeProto(proto: string, name: string): string[] {
  const [, oneLine, lines] =
    new RegExp(`^message ${name} \\{(?:(.*)\\}$|\\n([^]*?)\\n\\})`, 'm').exec(proto) ?? [];
  const body = oneLine ?? lines ?? '';
  const oneofs = [...body.matchAll(/oneof (\w+) \{([^}]*)\}/g)];

  return [...body.matchAll(/(repeated |optional )?(\w+) (\w+) = (\d+);/g)].map(
    ([text, label = '', type = '', field, tag]) => {
      const scalar = /^(string|bool|uint64|sint64)$/.test(type) ? type : 'named';
      const values = [
        ...(proto.match(new RegExp(`enum ${type} \\{([^}]*)\\}`))?.[1] ?? '').matchAll(/(\w+) = \d+;/g),
      ];
      // What may be absent is, for a decoder, a oneof of its own.
      const own = label === 'optional ' ? `_${field}` : '';
      const repeated = label === 'repeated ' ? label : '';
      const oneof = oneofs.find(([, , members]) => members?.includes(text))?.[1] ?? own;
      const names = values.length > 0 ? ` {${values.map(([, value]) => value)}}` : '';
      return `${oneof}|${repeated}${scalar} ${field} = ${tag}${names}`;
    },
  );
}

function requests(): fc.Arbitrary<AuthorizeRequest> {
  const text = fc.string({ unit: 'binary', maxLength: 8 }).map((string) => string.replaceAll('\uFFFD', ''));
  const entityUid = fc.record({ type: text, id: text });
  const { record } = fc.letrec((tie) => ({
    record: fc.record({ fields: fc.array(fc.record({ name: text, value: tie('value') }), { maxLength: 3 }) }),
    value: fc.oneof(
      { maxDepth: 4 },
      fc.record({ bool: fc.boolean() }),
      fc.record({ long: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String) }),
      fc.record({ string: text }),
      fc.record({ entity: entityUid }),
      fc.record({ set: fc.record({ elements: fc.array(tie('value'), { maxLength: 3 }) }) }),
      fc.record({ extension: fc.record({ fn: text, args: fc.array(tie('value'), { maxLength: 2 }) }) }),
      fc.record({ record: tie('record') }),
    ),
  }));
  const entity = fc.record({
    uid: entityUid,
    attrs: record,
    parents: fc.array(entityUid, { maxLength: 2 }),
    tags: record,
  });

  return fc
    .record(
      {
        run: fc.record({ run_id: text, step: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String) }),
        context: record,
        entities: fc.record({ entities: fc.array(entity, { maxLength: 2 }) }),
        request_id: text,
        mode: fc.constantFrom('ENFORCE' as const, 'CHECK' as const),
        detail: fc.constantFrom('BASIC' as const, 'FULL' as const),
        at_least_sequence: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
        supported_obligations: fc.array(text, { maxLength: 3 }),
        traceparent: text,
      },
      { requiredKeys: [] },
    )
    .map((fields) => ({ ...PARC, ...fields }) as AuthorizeRequest);
}
