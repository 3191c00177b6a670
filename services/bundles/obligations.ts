import { obligationText, REDACT } from '../engine/obligation.ts';
import type { Policy } from '../engine/policy.ts';
import type { CedarType, RecordType, Schema } from '../engine/schema/schema.ts';
import { LINKS_PATH } from './files.ts';
import { createApplicability } from './lint/applicable.ts';
import { headOf, type ParsedPolicy } from './policies.ts';
import type { Problems } from './problems.ts';

/** Different obligations of one bundle: so many can come together in one reply. */
const MAX_DIFFERENT = 64;

/**
 * Checks that what is to be redacted is there to be redacted: each path is one of the context that callers send, for every action
 * that the policy applies to. A slip of the pen would be an obligation that everybody carries out and that hides nothing.
 */
export function checkObligations(
  policies: readonly Policy[],
  parsed: readonly ParsedPolicy[],
  schema: Schema,
  problems: Problems,
): void {
  const obliging = policies.filter(({ obligations }) => obligations !== undefined);
  if (obliging.length === 0) return;

  const byId = new Map(parsed.map((policy) => [policy.id, policy]));
  const applicability = createApplicability(schema);
  const different = new Set<string>();

  for (const policy of obliging) {
    const actions = applicability.of(policy.scope).actions;
    for (const obligation of policy.obligations ?? []) {
      different.add(obligationText(obligation));
      const { path } = obligation.params;
      if (obligation.id !== REDACT || path === undefined) continue;
      const without = [...actions].find((key) => !hasPath(path.split('.'), schema.actions.get(key)?.context));
      if (without !== undefined) {
        report(policy.id, `${REDACT}:${path} is no path of the context of ${without} that a caller sends`);
      }
    }
  }
  if (different.size > MAX_DIFFERENT) {
    const [first] = obliging;
    report(first?.id ?? '', `the bundle has more than ${MAX_DIFFERENT} different obligations`);
  }

  function report(id: string, message: string): void {
    const place = byId.get(id);
    const options = { policyId: id };
    if (place === undefined) problems.of(LINKS_PATH, 'link_invalid', `${id}: ${message}`, options);
    else problems.at(place.source, headOf(place), 'policy_annotation', message, options);
  }
}

/** `pdp` is what the server asserts, so nobody can redact it. */
function hasPath(path: readonly string[], context: RecordType | undefined): boolean {
  if (path[0] === 'pdp') return false;
  let type: CedarType | undefined = context;
  for (const name of path) type = type?.kind === 'record' ? type.attributes.get(name)?.type : undefined;

  return type !== undefined;
}
