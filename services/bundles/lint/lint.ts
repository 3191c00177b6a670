import type { Schema } from '../../engine/schema/schema.ts';
import { isAnchored } from '../../engine/slice/policy-index.ts';
import type { Allowances } from '../allowances.ts';
import { type BundleFiles, MANIFEST_PATH, SCHEMA_PATH } from '../files.ts';
import type { ParsedBundle } from '../parse.ts';
import type { Problems } from '../problems.ts';
import { createSource } from '../source.ts';
import { createApplicability } from './applicable.ts';
import { failuresOf, mightFail } from './can-fail.ts';
import { alwaysHolds } from './constant.ts';
import { type Clause, clausesOf, reads } from './expression.ts';
import { createKnownEntities, type KnownEntities } from './known-entities.ts';
import type { LintName } from './names.ts';
import { whyNever } from './never.ts';
import { createPolicyPlaces, type PolicyPlaces } from './places.ts';
import { declarationsIn } from './schema-places.ts';
import { createShadows, type ShadowCandidate } from './shadow.ts';
import { unknownAnnotations } from './unknown-annotation.ts';
import { isGroup, typesTestedIn, type UsedBy, unusedActions, unusedTypes } from './unused.ts';

/** Expressions and pairs of policies that lints look at, some seconds in all; a bundle at the limits could have far more. */
const MAX_STEPS = 3_000_000;
/** Ways to fail that are told of one policy. */
const MAX_FAILURES = 3;

/** A policy with all that lints ask about. */
type Subject = UsedBy & ShadowCandidate;

interface Linting {
  readonly bundle: ParsedBundle;
  readonly schema: Schema;
  readonly entities: KnownEntities;
  readonly allowances: Allowances;
  readonly problems: Problems;
  readonly places: PolicyPlaces;
  readonly spend: () => void;
}

/**
 * Warns of what is likely a mistake in a bundle that is valid: docs/lints.md says what each lint means. A lint that says never
 * or always is right about every request that this bundle takes. Yields how many policies are done.
 * @returns whether it came to the end.
 */
export function* lintBundle(
  bundle: ParsedBundle,
  files: BundleFiles,
  allowances: Allowances,
  problems: Problems,
): Generator<number, boolean> {
  const schema = bundle.schema?.schema;
  if (schema === undefined) return false;

  const applicability = createApplicability(schema);
  const entities = createKnownEntities(
    schema,
    bundle.entities,
    bundle.manifest?.manifest.entity_sources ?? {},
  );
  const budget = createBudget();
  const places = createPolicyPlaces(bundle, files, problems);
  const linting = { bundle, schema, entities, allowances, problems, places, spend: budget.spend };
  const subjects: Subject[] = [];

  for (const policy of bundle.parsed) lintAnnotations(policy, linting);
  try {
    for (const [done, policy] of bundle.policies.entries()) {
      const clauses = clausesOf(policy.condition);
      const subject = {
        policy,
        applicable: applicability.of(policy.scope),
        isUnconditional: alwaysHolds(clauses),
        typesTested: typesTestedIn(clauses),
      };
      subjects.push(subject);
      lintPolicy(subject, clauses, linting);
      yield done;
    }

    lintSchema(subjects, linting);
    const shadowOf = createShadows(subjects, { applicability, entities, spend: budget.spend });
    for (const [done, subject] of subjects.entries()) {
      lintShadow(subject, shadowOf, linting);
      yield done;
    }

    return true;
  } catch (thrown) {
    if (!(thrown instanceof BudgetSpent)) throw thrown;
    problems.of(MANIFEST_PATH, 'check_incomplete', 'lints stopped: the bundle is too large for all of them', {
      severity: 'warning',
    });

    return false;
  }
}

function lintAnnotations(policy: ParsedBundle['parsed'][number], linting: Linting): void {
  for (const { name, meant, span } of unknownAnnotations(policy)) {
    warn('unknown-annotation', policy.id, `nothing acts on @${name}`, linting, {
      span,
      help: meant === undefined ? 'a note of your own begins with x_' : `did you mean @${meant}?`,
    });
  }
}

function lintPolicy(subject: Subject, clauses: readonly Clause[], linting: Linting): void {
  const { policy, applicable, isUnconditional } = subject;
  const { scope, effect, id } = policy;
  const namesNobody = scope.principal.op === 'all' && scope.resource.op === 'all';

  if (!isAnchored(scope)) {
    warn(
      'unanchored-policy',
      id,
      'every request is held against this policy, whatever it is about',
      linting,
      {
        help: 'name a principal, an action or a resource in its scope',
      },
    );
  }
  if (effect === 'permit' && namesNobody && isUnconditional && scope.action.op === 'all') {
    warn('unconditional-permit', id, 'this permits everything that no forbid forbids', linting, {
      help: 'name in its scope whom and what it is for',
    });
  } else if (
    effect === 'permit' &&
    namesNobody &&
    !clauses.some(({ body }) => reads(body, 'principal') || reads(body, 'resource'))
  ) {
    warn('broad-permit', id, 'this permits any principal on any resource', linting, {
      help: 'say of the principal or of the resource what it must be',
    });
  }

  const never = isFoundByCedar(id, linting)
    ? undefined
    : whyNever(scope, applicable, clauses, linting.entities);
  if (never !== undefined) warn('never-matches', id, `this policy never decides anything: ${never}`, linting);
  if (effect === 'forbid' && mightFail(clauses)) lintFailures(subject, clauses, linting);
}

/** What Cedar finds and the manifest allows is not told a second time. */
function isFoundByCedar(id: string, { allowances }: Linting): boolean {
  return allowances.names('impossible_policy', id) || allowances.names('no_applicable_action', id);
}

function lintFailures({ policy, applicable }: Subject, clauses: readonly Clause[], linting: Linting): void {
  const found = new Map(
    applicable.environments
      .flatMap((environment) => failuresOf(clauses, environment, linting))
      .map((failure) => [failure.what, failure]),
  );

  for (const { what, remedy } of [...found.values()].slice(0, MAX_FAILURES)) {
    warn('forbid-can-error', policy.id, `this forbid can fail: ${what}`, linting, {
      help: `${remedy}; where a forbid fails, Palisade denies with policy_error`,
    });
  }
}

function lintShadow(subject: Subject, shadowOf: ReturnType<typeof createShadows>, linting: Linting): void {
  const { policy } = subject;
  const other = shadowOf(subject);
  if (other === undefined) return;

  const message =
    other.effect === policy.effect
      ? `without this ${policy.effect}, every decision is the same: ${other.id} takes in all that it matches`
      : `this permit never allows anything: ${other.id} forbids all that it matches`;
  warn('shadowed', policy.id, message, linting, { help: 'remove it, or narrow the other one' });
}

function lintSchema(subjects: readonly Subject[], linting: Linting): void {
  const { schema, problems, allowances, bundle } = linting;
  const text = bundle.schema?.text ?? '';
  const source = createSource(SCHEMA_PATH, text);
  const places = declarationsIn(text);
  const warnOf = (
    lint: 'unused-action' | 'unused-entity-type',
    key: string,
    message: string,
    help: string,
  ): void => {
    if (allowances.allows(lint, key)) return;
    problems.at(source, places.get(key), 'lint', message, { severity: 'warning', lint, help });
  };

  for (const action of unusedActions(schema, subjects)) {
    const { key } = action.uid;
    const message = isGroup(action)
      ? `no policy names the group ${key}`
      : `no policy is about ${key}, so every request for it is denied`;
    warnOf('unused-action', key, message, 'write a policy for it, or take it out of the schema');
  }
  for (const type of unusedTypes(schema, subjects)) {
    warnOf(
      'unused-entity-type',
      type,
      `no action leads to ${type}, and no policy names it`,
      'take it out of the schema',
    );
  }
}

function warn(
  lint: LintName,
  id: string,
  message: string,
  { allowances, places }: Linting,
  options: Parameters<PolicyPlaces['warn']>[3] = {},
): void {
  if (!allowances.allows(lint, id)) places.warn(lint, id, message, options);
}

class BudgetSpent extends Error {}

function createBudget(): { spend(): void } {
  let left = MAX_STEPS;

  return {
    spend() {
      left -= 1;
      if (left < 0) throw new BudgetSpent('lints have looked at enough');
    },
  };
}
