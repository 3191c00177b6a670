import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PdpError } from '../../../services/engine/error.ts';
import type { AuthorizeCall } from '../../../services/pdp/types.ts';
import type { AuthorizationServiceDefinition } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizationService.ts';
import type { AuthorizeRequest } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizeRequest.ts';
import { CONTRACT, SERVICE_NAME } from '../../../services/pdp/wire/grpc/contract.ts';
import { readRequest as readGrpc } from '../../../services/pdp/wire/grpc/request.ts';
import { type JsonValue, jsonText } from '../../../services/pdp/wire/rest/json-text.ts';
import { readRequest as readRest } from '../../../services/pdp/wire/rest/request.ts';
import { PARC } from './support.ts';

const { Authorize } = CONTRACT[SERVICE_NAME] as unknown as AuthorizationServiceDefinition;

/** One request, as a caller of either transport would write it. */
interface Request {
  readonly [name: string]: JsonValue | undefined;
  readonly context?: JsonValue | undefined;
  readonly entities?: JsonValue | undefined;
}

describe('the same request', () => {
  test('becomes the same call over gRPC and over REST', () => {
    fc.assert(
      fc.property(requests(), (request) => {
        expect(overGrpc(request)).toEqual(overRest(request));
      }),
      { numRuns: 500 },
    );
  });

  test.each<[string, Request]>([
    ['has no principal', { ...PARC, principal: undefined }],
    ['has no action', { ...PARC, action: undefined }],
    ['has no resource', { ...PARC, resource: undefined }],
    ['has a context that is a list', { ...PARC, context: [] }],
    ['has a context that is null', { ...PARC, context: null }],
    ['has entities that are an object', { ...PARC, entities: {} }],
    ['has entities that are null', { ...PARC, entities: null }],
    ['has an id that is too long', { ...PARC, request_id: 'x'.repeat(257) }],
    ['has a run id that is too long', { ...PARC, run: { run_id: 'é'.repeat(129) } }],
    ['holds U+FFFD in an id', { ...PARC, request_id: '\uFFFD' }],
    ['is too deep in its context', { ...PARC, context: nested(32) }],
    ['is too deep in its entities', { ...PARC, entities: [nested(31), nested(32)] }],
    ['holds a string that is too long', { ...PARC, context: { a: 'x'.repeat(64 * 1024 + 1) } }],
  ])('is refused by both, with the same code and field, where it %s', (_what, request) => {
    const refusal = overRest(request);

    expect(refusal).toBeInstanceOf(PdpError);
    expect(shown(overGrpc(request))).toEqual(shown(refusal));
  });

  test('is refused by both where it holds U+FFFD in its context', () => {
    const request = { ...PARC, context: { a: ['\uFFFD'] } };

    expect(overRest(request)).toMatchObject({ code: 'invalid_request' });
    expect(overGrpc(request)).toMatchObject({ code: 'invalid_request' });
  });

  test.each<[string, Request]>([
    ['32 deep in its context', { ...PARC, context: nested(31) }],
    ['32 deep in its entities', { ...PARC, entities: [nested(30)] }],
  ])('is read by both where it is %s', (_what, request) => {
    expect(overRest(request)).not.toBeInstanceOf(PdpError);
    expect(overGrpc(request)).toEqual(overRest(request));
  });
});

function overGrpc({ context, entities, ...fields }: Request): AuthorizeCall | PdpError {
  const message = {
    ...fields,
    ...(typeof fields['mode'] === 'string' ? { mode: fields['mode'].toUpperCase() } : {}),
    ...(typeof fields['detail'] === 'string' ? { detail: fields['detail'].toUpperCase() } : {}),
    ...(context === undefined ? {} : { context_json: jsonText(context) }),
    ...(entities === undefined ? {} : { entities_json: jsonText(entities) }),
  };

  return readGrpc(Authorize.requestSerialize(asStrings(message) as AuthorizeRequest)).call;
}

function overRest(request: Request): AuthorizeCall | PdpError {
  try {
    return readRest(Buffer.from(jsonText(request)));
  } catch (thrown) {
    if (thrown instanceof PdpError) return thrown;
    throw thrown;
  }
}

/** proto-loader takes 64-bit numbers as text. */
function asStrings(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;

  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, asStrings(member)]));
}

function shown(outcome: AuthorizeCall | PdpError): unknown {
  return outcome instanceof PdpError
    ? { code: outcome.code, field: outcome.field, limit: outcome.limit }
    : outcome;
}

function nested(depth: number): JsonValue {
  return depth === 0 ? {} : { a: nested(depth - 1) };
}

function requests(): fc.Arbitrary<Request> {
  const text = fc.string({ unit: 'grapheme', maxLength: 8 }).map((string) => string.replaceAll('\uFFFD', ''));
  const uid = fc.record({ type: text, id: text });
  const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.boolean(),
      text,
      fc.constant(null),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(text, tie('value'), { maxKeys: 3 }),
    ),
  }));

  return fc.record(
    {
      principal: uid,
      action: uid,
      resource: uid,
      context: fc.dictionary(text, value, { maxKeys: 4 }),
      entities: fc.array(fc.dictionary(text, value, { maxKeys: 3 }), { maxLength: 3 }),
      policy_store: text,
      request_id: text,
      idempotency_key: text,
      run: fc.record(
        {
          run_id: text,
          parent_run_id: text,
          step: uint64,
          tool_call_id: text,
          conversation_id: text,
          agent_id: text,
          tool_name: text,
        },
        { requiredKeys: [] },
      ),
      mode: fc.constantFrom('enforce', 'check'),
      detail: fc.constantFrom('basic', 'full'),
      expected_bundle_digest: text,
      at_least_sequence: uint64,
      approval_id: text,
      supported_obligations: fc.array(text, { maxLength: 3 }),
      traceparent: text,
    },
    { requiredKeys: ['principal', 'action', 'resource'] },
  );
}
