import { PdpError } from '../engine/error.ts';
import { exceedsLimit, LIMITS } from '../engine/limits.ts';
import type { AuthorizeCall, Caller } from './types.ts';

/** What a call says of its caller's rights. Only a decision has a key. */
type Admitted = Pick<AuthorizeCall, 'principal' | 'detail' | 'policy_store'> &
  Partial<Pick<AuthorizeCall, 'idempotency_key' | 'mode'>>;

/**
 * Checks what the caller may assert, and gives the store that the call is for.
 * @throws PdpError `permission_denied` for a principal, store or detail that the credential does not name,
 * `invalid_request` for what this server does not know.
 */
export function admit(call: Admitted, caller: Caller): string {
  if (!asksForDecisions(caller)) throw administers();
  checkKey(call, caller);
  if (call.detail === 'full' && !caller.full_detail) {
    throw new PdpError('permission_denied', 'this credential may not ask for full detail', {
      field: 'detail',
    });
  }
  if (!mayAssert(call, caller)) {
    throw new PdpError('permission_denied', 'this credential may not speak for this principal', {
      field: 'principal',
    });
  }

  return storeOf(call, caller);
}

/**
 * The store in which a caller has asked for decisions.
 * @throws PdpError `permission_denied` where it may not ask there, or is not for that.
 */
export function askingStore(call: Pick<AuthorizeCall, 'policy_store'>, caller: Caller): string {
  if (!asksForDecisions(caller)) throw administers();

  return storeOf(call, caller);
}

/** Whether decisions are what a caller is for. */
export function asksForDecisions({ roles }: Caller): boolean {
  return roles.some((role) => role === 'runtime' || role === 'anonymous');
}

function administers(): PdpError {
  return new PdpError(
    'permission_denied',
    'this credential administers; decisions need a runtime credential',
  );
}

function mayAssert({ principal }: Admitted, { principals }: Caller): boolean {
  if (principals === undefined) return true;

  return principals.some(
    ({ type, ids }) => type === principal.type && (ids === undefined || ids.includes(principal.id)),
  );
}

function storeOf({ policy_store: named }: Pick<Admitted, 'policy_store'>, { stores }: Caller): string {
  const [only] = stores;
  if (named === '' && stores.length === 1 && only !== undefined) return only;
  if (named === '') {
    throw new PdpError('invalid_request', 'this credential names several stores; say which', {
      field: 'policy_store',
    });
  }
  if (stores.includes(named)) return named;

  // Whether a foreign store exists is nobody's business.
  throw new PdpError('permission_denied', 'this credential does not name this store', {
    field: 'policy_store',
  });
}

const PRINTABLE = /^[\x20-\x7e]*$/;

/** A key belongs to a credential, and stands for what is enforced. */
function checkKey({ idempotency_key: key = '', mode }: Admitted, { credential_id }: Caller): void {
  const field = 'idempotency_key';
  if (key === '') return;
  if (key.length > LIMITS.idempotency_key_bytes) throw exceedsLimit('idempotency_key_bytes', field);
  if (!PRINTABLE.test(key))
    throw new PdpError('invalid_request', `${field} must be printable ASCII`, { field });
  if (mode === 'check') {
    throw new PdpError('invalid_request', 'a check changes nothing, so it has no idempotency_key', { field });
  }
  if (credential_id === undefined) {
    throw new PdpError('permission_denied', 'an idempotency_key needs a credential', { field });
  }
}
