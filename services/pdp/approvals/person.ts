import { parseUidText } from '../../bundles/uid-text.ts';
import { PdpError } from '../../engine/error.ts';
import type { RawUid } from '../../engine/raw/raw.ts';
import type { Caller } from '../types.ts';

/**
 * The person whom a credential speaks for when it answers. It has to name each of them: one that could speak for anybody would be any number
 * of people.
 * @param as Cedar text such as `User::"fay"`; empty: the only one that it names.
 * @throws PdpError `permission_denied` where the credential does not name them, `invalid_request` where it has to be said who.
 */
export function personOf({ principals = [] }: Pick<Caller, 'principals'>, as: string): RawUid {
  const named = principals.flatMap(({ type, ids = [] }) => ids.map((id): RawUid => ({ type, id })));
  if (named.length === 0) {
    throw new PdpError(
      'permission_denied',
      'this credential names no person: an approver speaks for people that it names one by one',
    );
  }
  const [only] = named;
  if (as === '' && named.length === 1 && only !== undefined) return only;
  if (as === '') {
    throw new PdpError('invalid_request', 'this credential speaks for several people; say for whom', {
      field: 'as',
    });
  }

  const wanted = parseUidText(as);
  if (wanted === undefined) {
    throw new PdpError('invalid_request', 'is no entity such as User::"fay"', { field: 'as' });
  }
  const person = named.find(({ type, id }) => type === wanted.type && id === wanted.id);
  if (person !== undefined) return person;

  throw new PdpError('permission_denied', `this credential does not speak for ${as}`, { field: 'as' });
}
