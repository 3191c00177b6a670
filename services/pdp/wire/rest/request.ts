import type * as z from 'zod';
import { PdpError, toPdpError } from '../../../engine/error.ts';
import { exceedsLimit, LIMITS } from '../../../engine/limits.ts';
import { FieldPath } from '../../../engine/raw/field-path.ts';
import { type JsonLimits, parseJson } from '../../../engine/raw/json.ts';
import { type RawNode, RawNumber, RawObject } from '../../../engine/raw/raw.ts';
import type { OutcomeCall } from '../../outcomes/types.ts';
import type { AuthorizeCall, ConstraintsCall, RunCall, StartRunCall, WaitCall } from '../../types.ts';
import { authorizeCall, constraintsCall, runCall, startRunCall, waitCall } from '../authorize-call.ts';
import { outcomeCall } from '../outcome-call.ts';
import type { BatchRequest, UnreadBatch } from '../serve.ts';
import { batchTexts } from './batch-text.ts';
import {
  AuthorizeRequest,
  ConstraintsRequest,
  EndRunRequest,
  ReportOutcomeRequest,
  StartRunRequest,
  WaitForApprovalRequest,
} from './schema.ts';

// The message itself is one object around `context`, which may be as deep as over gRPC.
const BODY_LIMITS: JsonLimits = { ...LIMITS, json_depth: LIMITS.json_depth + 1 };
const RAW_FIELDS: ReadonlySet<string> = new Set(['context', 'entities']);
const DIGITS = /^\d{1,20}$/;

/** Reads the body of POST /v1/authorize. @throws PdpError `invalid_request` or `too_large`, with the field at fault. */
export function readRequest(bytes: Buffer): AuthorizeCall {
  return fromTree(parseBody(bytes));
}

/** Reads the body of POST /v1/authorize/batch; what is wrong with one request is its own error. @throws PdpError. */
export function readBatch(bytes: Buffer): UnreadBatch {
  return { items: batchTexts(bytes), read: readItem };
}

function readItem(bytes: Buffer): BatchRequest {
  let tree: RawNode = null;
  try {
    if (bytes.length > LIMITS.body_bytes) throw exceedsLimit('body_bytes', 'request');

    tree = parseBody(bytes);
    const call = fromTree(tree);
    return { request_id: call.request_id, call };
  } catch (thrown) {
    return { request_id: requestIdOf(tree), call: toPdpError(thrown) };
  }
}

function requestIdOf(tree: RawNode): string {
  const id = tree instanceof RawObject ? tree.entries.get('request_id') : undefined;

  return typeof id === 'string' && Buffer.byteLength(id) <= LIMITS.identifier_bytes ? id : '';
}

function parseBody(bytes: Buffer): RawNode {
  try {
    return parseJson(bytes, '', BODY_LIMITS);
  } catch (thrown) {
    const error = toPdpError(thrown);
    // The published limit is that of the trees inside.
    throw error.limit?.name === 'json_depth' ? exceedsLimit('json_depth', error.field ?? '') : error;
  }
}

/** Reads the body of POST /v1/constraints. @throws PdpError as `readRequest`. */
export function readConstraints(bytes: Buffer): ConstraintsCall {
  return constraintsCall(envelopeOf(parseBody(bytes), ConstraintsRequest));
}

/** Reads the body of POST /v1/runs. @throws PdpError as `readRequest`. */
export function readStartRun(bytes: Buffer): StartRunCall {
  return startRunCall(envelopeOf(parseBody(bytes), StartRunRequest));
}

/** Reads the body of POST /v1/runs/{run_id}/end. @throws PdpError as `readRequest`. */
export function readEndRun(bytes: Buffer, runId: string): RunCall {
  return runCall({ ...envelopeOf(parseBody(bytes), EndRunRequest), run_id: runId });
}

/** Reads the body of POST /v1/decisions/{decision_id}/outcome. @throws PdpError as `readRequest`. */
export function readOutcome(bytes: Buffer, decisionId: string): OutcomeCall {
  const tree = parseBody(bytes);
  refuseLostName(tree);
  const { outcome, cost = {}, output_digest = '', ...figures } = envelopeOf(tree, ReportOutcomeRequest);
  const { input_tokens, output_tokens, duration_ms } = figures;

  return outcomeCall({
    decision_id: decisionId,
    outcome,
    cost: Object.entries(cost),
    input_tokens,
    output_tokens,
    duration_ms,
    output_digest,
  });
}

/** The one name that zod leaves out of a record, where a cost that is not seen would not be charged. */
function refuseLostName(tree: RawNode): void {
  const cost = tree instanceof RawObject ? tree.entries.get('cost') : undefined;
  if (!(cost instanceof RawObject && cost.entries.has('__proto__'))) return;

  throw new PdpError('invalid_request', 'there is no limit of this name', { field: 'cost.__proto__' });
}

/** Reads the body of POST /v1/approvals/wait. @throws PdpError as `readRequest`. */
export function readWait(bytes: Buffer): WaitCall {
  return waitCall(envelopeOf(parseBody(bytes), WaitForApprovalRequest));
}

function fromTree(tree: RawNode): AuthorizeCall {
  return authorizeCall(envelopeOf(tree, AuthorizeRequest));
}

function envelopeOf<Schema extends z.ZodType>(tree: RawNode, schema: Schema): z.infer<Schema> {
  if (!(tree instanceof RawObject)) throw new PdpError('invalid_request', 'the request must be an object');

  const read = schema.safeParse(plainObject(tree, RAW_FIELDS), { error: describe });
  if (!read.success) throw refused(read.error);

  return read.data;
}

/** Makes of the envelope what zod reads; the trees below the given names stay as they are. */
function plainObject(tree: RawObject, keep?: ReadonlySet<string>): object {
  // `fromEntries` defines members, so that a hostile `__proto__` is one like any other.
  return Object.fromEntries(
    [...tree.entries].map(([name, node]) => [name, keep?.has(name) ? node : plain(node)]),
  );
}

function plain(node: RawNode): unknown {
  if (node instanceof RawObject) return plainObject(node);
  if (Array.isArray(node)) return node.map(plain);
  // Unsigned integers go beyond what the engine's Long holds; zod judges the range.
  if (node instanceof RawNumber && DIGITS.test(node.text)) return BigInt(node.text);

  return node;
}

function describe(issue: { readonly input?: unknown }): string | undefined {
  return issue.input === undefined ? 'is required' : undefined;
}

function refused({ issues: [issue] }: z.ZodError): PdpError {
  const path = new FieldPath('');
  for (const step of issue?.path ?? []) path.enter(typeof step === 'number' ? step : String(step));
  if (issue?.code !== 'unrecognized_keys') {
    return new PdpError('invalid_request', `${path.text()}: ${issue?.message}`, { field: path.text() });
  }

  path.enter(issue.keys[0] ?? '');
  return new PdpError('invalid_request', 'unknown field', { field: path.text() });
}
