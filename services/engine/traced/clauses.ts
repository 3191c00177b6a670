import { type Clause, clausesOf } from '../compiled/shape.ts';
import type { Policy } from '../policy.ts';

/** What the text of a policy goes by: its own id, or that of the template it is a link of. */
export function unitOf({ id, source }: Policy): string {
  return source.kind === 'link' ? source.templateId : id;
}

/** Reads the clauses of policies, once for each text, so that a node stands for one place of the bundle. */
export function createClauseReader(): (policy: Policy) => readonly Clause[] {
  const known = new Map<string, readonly Clause[]>();

  return (policy) => {
    const unit = unitOf(policy);
    const clauses = known.get(unit) ?? clausesOf(policy.condition.shape);
    known.set(unit, clauses);

    return clauses;
  };
}
