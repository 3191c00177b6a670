import type { Effect } from '../../engine/policy.ts';

/** How two bundles differ, as plain data. */
export interface BundleDiff {
  readonly a: BundleName;
  readonly b: BundleName;
  /** The digests are the same, and so nothing differs. */
  readonly same: boolean;
  /** Files whose bytes differ, be it in white space alone. */
  readonly files: Changed<string>;
  /** Name, version, description, owners, entity sources, disclosure, limits, allowed findings and recorded paths. */
  readonly manifest: readonly FieldChange[];
  /** Policies, templates and links. */
  readonly policies: Changed<PolicySummary, PolicyChange>;
  readonly schema: readonly FieldChange[];
  readonly entities: Changed<string>;
  readonly tests: Changed<TestName>;
  /** Tests of either bundle that the two bundles answer differently. */
  readonly outcomes: readonly OutcomeChange[];
}

export interface BundleName {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
}

export interface Changed<T, C = T> {
  readonly added: readonly T[];
  readonly removed: readonly T[];
  readonly changed: readonly C[];
}

/** Something with a value; one that is absent is not there at all. */
export interface FieldChange {
  readonly field: string;
  readonly before?: string;
  readonly after?: string;
}

export interface PolicySummary {
  readonly id: string;
  readonly kind: 'policy' | 'template' | 'link';
  readonly effect: Effect;
  /** As Cedar's formatter has it; of a link, its values. */
  readonly text: string;
}

export interface PolicyChange {
  readonly id: string;
  readonly kind: PolicySummary['kind'];
  /** What of it is another. */
  readonly parts: readonly ('kind' | 'effect' | 'scope' | 'conditions' | 'annotations')[];
  readonly annotations: readonly FieldChange[];
  /** Lines of the formatted text, each behind `- `, `+ ` or two spaces. */
  readonly lines: readonly string[];
}

export interface TestName {
  readonly file: string;
  readonly name: string;
}

export interface OutcomeChange extends TestName {
  /** Which bundle has the test. */
  readonly of: 'a' | 'b' | 'both';
  readonly before: Outcome;
  readonly after: Outcome;
}

export interface Outcome {
  readonly passed: boolean;
  readonly decision: 'allow' | 'deny' | 'refused';
  /** Why, in one line: reason code and policies, or why the request does not fit the bundle. */
  readonly why: string;
}
