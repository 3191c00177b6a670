import type { Est } from '../compiled/shape.ts';
import type { CedarType } from '../schema/schema.ts';
import type { Value } from '../value/value.ts';

/** What is known of an expression before there is a resource and a context. */
export type Partial = Known | Failing | Residual;

/** Every request of the principal gives this value. */
export interface Known {
  readonly kind: 'known';
  readonly value: Value;
}

/** Every request of the principal fails in it. */
export interface Failing {
  readonly kind: 'failing';
  /** As it stands in the policy. */
  readonly node: Est;
}

/**
 * It depends on the request. What it may give is bounded from above, and it may always fail as well: a failing permit permits
 * nothing and a failing forbid denies, so failing never makes an allow that the two bits do not tell of.
 */
export interface Residual {
  readonly kind: 'residual';
  /** Gives and fails as the whole expression does, for every request of the principal. */
  readonly node: Est;
  readonly mayBeTrue: boolean;
  readonly mayBeFalse: boolean;
  /** Of each value that it gives; absent: not known. */
  readonly type?: CedarType | undefined;
}

export const BOOL: CedarType = { kind: 'bool' };

export function known(value: Value): Known {
  return { kind: 'known', value };
}

export function failing(node: Est): Failing {
  return { kind: 'failing', node };
}

/** A Bool of which nothing more is known. */
export function undecided(node: Est): Residual {
  return { kind: 'residual', node, mayBeTrue: true, mayBeFalse: true, type: BOOL };
}

/** A value of which at most the type is known. */
export function unknown(node: Est, type?: CedarType): Residual {
  return { kind: 'residual', node, mayBeTrue: true, mayBeFalse: true, type };
}

/** A Bool of which it is known what it may be. */
export function decided(node: Est, mayBeTrue: boolean, mayBeFalse: boolean): Residual {
  return { kind: 'residual', node, mayBeTrue, mayBeFalse, type: BOOL };
}

/** A Bool that is never true, or never false. */
export function never(node: Est, which: boolean): Residual {
  return { kind: 'residual', node, mayBeTrue: !which, mayBeFalse: which, type: BOOL };
}

/** Whether an expression may give this Bool. */
export function mayBe(partial: Partial, bool: boolean): boolean {
  if (partial.kind === 'known') return partial.value === bool;
  if (partial.kind === 'failing') return false;

  return bool ? partial.mayBeTrue : partial.mayBeFalse;
}

/** Whether it gives a Bool, where it gives anything. */
export function isBoolean(partial: Partial): boolean {
  if (partial.kind === 'known') return typeof partial.value === 'boolean';

  return partial.kind === 'residual' && partial.type?.kind === 'bool';
}
