import type { PolicyFailure } from '../evaluator.ts';

/** What one call of `statefulIsAuthorized` or `isAuthorized` said, read strictly. */
export interface CedarAnswer {
  readonly decision: 'allow' | 'deny';
  readonly reason: readonly string[];
  readonly errors: readonly PolicyFailure[];
}

/**
 * Reads an authorization answer; allow is only ever `success` with decision `allow` and a reason.
 * @throws CedarRefusal where Cedar answered `failure`; Error where the answer has another form than 4.13 gives.
 */
export function readAnswer(answer: unknown): CedarAnswer {
  const { type, response, errors } = asObject(answer);
  if (type === 'failure') throw new CedarRefusal(messagesOf(errors));
  if (type !== 'success') throw new Error('an authorization answer of unknown type');

  const { decision, diagnostics } = asObject(response);
  if (decision !== 'allow' && decision !== 'deny')
    throw new Error('an authorization answer without a decision');

  const reason = asArray(asObject(diagnostics)['reason']).map(asString);
  // Only a residual of partial evaluation allows without a reason (cedar-facts section 8, row 7).
  if (decision === 'allow' && reason.length === 0) throw new Error('an allow without a determining policy');

  return { decision, reason, errors: asArray(asObject(diagnostics)['errors']).map(readError) };
}

/** Cedar did not decide: something in the request, the entities or the policies did not load. */
export class CedarRefusal extends Error {
  constructor(messages: readonly string[]) {
    super(messages.join('; '));
    this.name = 'CedarRefusal';
  }
}

function readError(json: unknown): PolicyFailure {
  const { policyId, error } = asObject(json);

  return { policyId: asString(policyId), message: asString(asObject(error)['message']) };
}

function messagesOf(errors: unknown): string[] {
  return asArray(errors).map((error) => asString(asObject(error)['message']));
}

function asObject(json: unknown): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null) throw new Error('an answer of unknown form');

  return json as Readonly<Record<string, unknown>>;
}

function asArray(json: unknown): readonly unknown[] {
  if (!Array.isArray(json)) throw new Error('an answer of unknown form');

  return json;
}

function asString(json: unknown): string {
  if (typeof json !== 'string') throw new Error('an answer of unknown form');

  return json;
}
