import { hash } from 'node:crypto';
import type { ReadRequest } from '../../bundles/inform.ts';
import { PdpError } from '../../engine/error.ts';
import { LIMITS } from '../../engine/limits.ts';
import { requestText } from '../../engine/request-digest.ts';
import type { KeyPart } from '../../store/settlement.ts';
import type { DecisionPath } from '../authorize.ts';
import type { Begun } from '../deciding.ts';
import type { DecisionReply } from '../types.ts';
import { keptText, readKept } from './kept-reply.ts';

/** A request that its caller gave a key, so that it is decided once. */
export interface Keyed {
  /** What its decision claims. */
  readonly part: KeyPart;
  /**
   * The reply that the same request got under the key.
   * @returns `undefined` where nothing was asked under the key, or not for so long.
   * @throws PdpError `conflict` where another request has the key; `unavailable` where the reply to the first one is not kept.
   */
  find(): Promise<DecisionReply | undefined>;
  /** Keeps the reply of a decision that is recorded. Where that fails, the key stays taken without one. Never rejects. */
  keep(reply: DecisionReply): Promise<void>;
}

/** In which time the first of two equal requests mostly has its reply. */
const RETRY_AFTER_MS = 500;

/** @returns `undefined` where the caller gave no key. */
export function keyedRequest(
  { counting, observer }: Pick<DecisionPath, 'counting' | 'observer'>,
  begun: Pick<Begun, 'call' | 'scope' | 'store'>,
  request: ReadRequest,
): Keyed | undefined {
  const { call, scope, store } = begun;
  const { idempotency_key: key } = call;
  if (key === '') return undefined;
  const { deadline } = scope;
  const { subject } = scope.caller;
  const digest = keyedDigest(begun, request);

  return {
    part: { key, digest, period: `${LIMITS.idempotency_ms} milliseconds` },

    async find() {
      const kept = await counting.findKey({ store, subject, key, deadline });
      if (kept === undefined) return undefined;
      if (kept.digest !== digest) {
        observer.repeated('conflict', store);
        throw new PdpError('conflict', 'another request was made under this key', {
          field: 'idempotency_key',
        });
      }
      if (kept.reply === undefined) {
        observer.repeated('unfinished', store);
        throw new PdpError('unavailable', 'the reply to the first request under this key is not there yet', {
          field: 'idempotency_key',
          retryAfterMs: RETRY_AFTER_MS,
        });
      }
      observer.repeated('replayed', store);

      return { ...readKept(kept.reply), request_id: call.request_id };
    },

    keep: (reply) => counting.keepReply(reply.decision_id, keptText(reply)),
  };
}

/**
 * What must be the same for it to be the same request: all that its digest covers, except the bundle, so that a deployment in between
 * makes no other request of it; and what else of the call makes another reply.
 */
function keyedDigest(
  { call, scope, store }: Pick<Begun, 'call' | 'scope' | 'store'>,
  read: ReadRequest,
): string {
  const { principal, action, resource } = read.request;
  const text = requestText({
    subject: scope.caller.subject,
    store,
    runId: call.run?.run_id ?? '',
    principal,
    action,
    resource,
    context: read.context,
    entities: read.entities,
    bundle: '',
  });
  const supported = [...new Set(call.supported_obligations)].sort();

  return hash('sha256', `${text}\n${JSON.stringify([call.detail, call.approval_id, supported])}`, 'hex');
}
