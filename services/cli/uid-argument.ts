import { InvalidArgumentError } from 'commander';
import { parseUidText } from '../bundles/uid-text.ts';

/** An entity as Cedar writes it. */
export function uidArgument(text: string): { readonly type: string; readonly id: string } {
  const uid = parseUidText(text);
  if (uid !== undefined) return { type: uid.type, id: uid.id };

  throw new InvalidArgumentError(`It is an entity such as 'User::"fay"': ${text}`);
}
