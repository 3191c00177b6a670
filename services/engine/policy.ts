import type { ApprovalRule } from './approval.ts';
import type { Condition } from './compiled/shape.ts';
import type { Obligation } from './obligation.ts';
import type { RawUid } from './raw/raw.ts';

export type Effect = 'permit' | 'forbid';

/** What a policy's head demands of the principal or the resource (Cedar: scope constraint). */
export type EntityConstraint =
  | { readonly op: 'all' }
  | { readonly op: '=='; readonly uid: RawUid }
  | { readonly op: 'in'; readonly uid: RawUid }
  | { readonly op: 'is'; readonly type: string }
  | { readonly op: 'is in'; readonly type: string; readonly uid: RawUid };

/** What a policy's head demands of the action: one of `uids`, or, with `in`, one of them or of their members. */
export type ActionConstraint =
  | { readonly op: 'all' }
  | { readonly op: '=='; readonly uids: readonly RawUid[] }
  | { readonly op: 'in'; readonly uids: readonly RawUid[] };

/** The head of a policy. It cannot error, which is what makes slicing by it exact (cedar-spec, PolicySlice.lean). */
export interface Scope {
  readonly principal: EntityConstraint;
  readonly action: ActionConstraint;
  readonly resource: EntityConstraint;
}

/** How Cedar is given a policy again: its own text, or a link of a template with the slots' values. */
export type PolicySource =
  | { readonly kind: 'static'; readonly text: string }
  | {
      readonly kind: 'link';
      readonly templateId: string;
      readonly templateText: string;
      readonly values: Readonly<Record<string, RawUid>>;
    };

/** What a part of a policy does for each byte of the request's data that it looks at, in units of about 2 ns. */
export interface Work {
  /** The attribute or tag that it looks at; absent: any of them, or several. */
  readonly attribute: string | undefined;
  readonly weight: number;
}

/** One policy or template link, as plain data that crosses threads. A template without links is none. */
export interface Policy {
  /** From `@id`, or the link's own id; unique in its bundle. */
  readonly id: string;
  readonly effect: Effect;
  readonly annotations: Readonly<Record<string, string>>;
  /** Of its `@obligation`; absent: none. */
  readonly obligations?: readonly Obligation[] | undefined;
  /** Of its `@approval`: whose word makes it yield; absent: nobody's. */
  readonly approval?: ApprovalRule | undefined;
  /** With the slots of a link filled in. */
  readonly scope: Scope;
  /** Entities that the conditions name: evaluation may read them whatever the request is. */
  readonly literals: readonly RawUid[];
  /** Its `when` and `unless` clauses, for the compiled evaluator. */
  readonly condition: Condition;
  /** Where its conditions take longer the larger the request's data is. */
  readonly work: readonly Work[];
  readonly source: PolicySource;
}
