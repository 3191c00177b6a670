import type { Policy } from '../engine/policy.ts';
import type { RawUid } from '../engine/raw/raw.ts';

/** NFC of ASCII is itself. */
const ASCII = /^[\0-\x7f]*$/;

/** What the Stream-Safe Text Format admits (UAX #15, section 13). Normalizing takes quadratic time in longer runs. */
const LONG_RUN_OF_MARKS = /\p{M}{31}/u;

/** What is said of an id that is refused. */
export const NOT_NORMAL = 'has an id that is not in Unicode Normalization Form C';

/**
 * Whether the id of an entity is spelled in the one way that is taken: NFC (UAX #15). Cedar compares bytes, so an id in another
 * spelling of the same text would be somebody else, whom no forbid names. Such an id is refused, never silently changed.
 */
export function isNormalId(id: string): boolean {
  return ASCII.test(id) || (!LONG_RUN_OF_MARKS.test(id) && id === id.normalize('NFC'));
}

/** The entities that a policy names, in its scope and its conditions, whose ids no request can have. */
export function unmatchableUids({ scope, literals }: Policy): readonly RawUid[] {
  const constrained = [scope.principal, scope.resource].flatMap((one) => ('uid' in one ? [one.uid] : []));

  return [...constrained, ...literals].filter(({ id }) => !isNormalId(id));
}
