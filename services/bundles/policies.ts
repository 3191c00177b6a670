import { shapeProblem } from '../engine/compiled/compile.ts';
import { type Condition, conditionOf } from '../engine/compiled/shape.ts';
import { LIMITS } from '../engine/limits.ts';
import type { Effect, Policy, Work } from '../engine/policy.ts';
import type { RawUid } from '../engine/raw/raw.ts';
import { readScope } from '../engine/slice/scope.ts';
import { obligationsOf, readAnnotations } from './annotations.ts';
import { approvalOf } from './approvals/rule.ts';
import { type Cedar, helpOf, spanOfError } from './cedar.ts';
import { depthProblem, readConditions } from './est.ts';
import { type BundleFiles, isPolicyPath } from './files.ts';
import { POLICY_ID } from './manifest.ts';
import { compareText } from './problem.ts';
import type { Problems } from './problems.ts';
import { type Piece, splitPolicies } from './scan.ts';
import { decodeSource, type Source, type Span } from './source.ts';

/** A policy or template as its file has it; Cedar parsed it alone, so it is exactly one. */
export interface ParsedPolicy {
  readonly id: string;
  readonly effect: Effect;
  readonly annotations: Readonly<Record<string, string>>;
  /** Cedar text, from its first token on. */
  readonly text: string;
  /** Slot names such as `?principal`; none for a static policy. */
  readonly slots: readonly string[];
  readonly literals: readonly RawUid[];
  readonly work: readonly Work[];
  readonly condition: Condition;
  /** Its scope in Cedar's JSON form, from which the scope of a link is made. */
  readonly scope: Readonly<Record<string, unknown>>;
  readonly source: Source;
  /** Offset of the text in its file. */
  readonly offset: number;
}

/** Policies that may trap Cedar before reading stops: each costs a new instance. */
const MAX_TRAPS = 20;

/** Reads every policy of the bundle, in the order of its files and of their text. */
export function readPolicies(files: BundleFiles, cedar: Cedar, problems: Problems): readonly ParsedPolicy[] {
  const ids = new Map<string, ParsedPolicy>();
  let traps = 0;

  for (const { source, piece } of piecesOf(files, problems)) {
    const policy = traps > MAX_TRAPS ? undefined : readPolicy(source, piece, cedar, problems);
    if (policy === 'trap') traps += 1;
    if (policy === undefined || policy === 'trap') continue;

    const first = ids.get(policy.id);
    if (first === undefined) ids.set(policy.id, policy);
    else reportRepeated(policy, first, problems);
  }

  if (traps > MAX_TRAPS) {
    problems.of(
      'bundle.yaml',
      'check_incomplete',
      `reading stopped: more than ${MAX_TRAPS} policies trap Cedar`,
    );
  }

  return [...ids.values()];
}

/** The policy as the evaluator takes it; a template becomes one by a link alone. */
export function staticPolicy(policy: ParsedPolicy): Policy {
  const { id, effect, annotations, literals, work, condition, text, scope } = policy;

  return {
    id,
    effect,
    annotations,
    obligations: obligationsOf(annotations),
    approval: approvalOf(annotations),
    literals,
    work,
    condition,
    scope: readScope(scope),
    source: { kind: 'static', text },
  };
}

/** Where a policy begins in its file, up to the end of that line. */
export function headOf({ offset, text }: Pick<ParsedPolicy, 'offset' | 'text'>): Span {
  const end = text.indexOf('\n');

  return { start: offset, end: offset + (end === -1 ? text.length : end) };
}

function* piecesOf(
  files: BundleFiles,
  problems: Problems,
): Generator<{ readonly source: Source; readonly piece: Piece }> {
  let count = 0;

  for (const path of [...files.keys()].filter(isPolicyPath).sort(compareText)) {
    const source = decodeSource(path, files.get(path) ?? new Uint8Array());
    if (source === undefined) {
      problems.of(path, 'not_utf8', 'not UTF-8 without a byte order mark');
      continue;
    }

    for (const piece of splitPolicies(source.text)) {
      if (piece.blank) continue;
      count += 1;
      if (count > LIMITS.policies) {
        problems.of(path, 'limit_exceeded', `more than ${LIMITS.policies} policies in the bundle`);
        return;
      }
      yield { source, piece };
    }
  }
}

function readPolicy(
  source: Source,
  piece: Piece,
  cedar: Cedar,
  problems: Problems,
): ParsedPolicy | 'trap' | undefined {
  const text = source.text.slice(piece.head, piece.end);
  const head = headOf({ offset: piece.head, text });
  if (!isReadable(piece, text, source, problems)) return undefined;

  const reply = cedar.ask(piece.template ? 'templateToJson' : 'policyToJson', text);
  if (reply.type === 'trap') {
    problems.at(source, head, 'policy_traps', 'Cedar cannot parse this policy: it is too deep');
    return 'trap';
  }
  if (reply.type === 'failure') {
    for (const error of reply.errors) {
      const message = error.message.replace(/^failed to parse (policy|template) from string: /, '');
      const span = spanOfError(error, text, piece.head) ?? head;
      problems.at(source, span, 'cedar_syntax', message, { help: helpOf(error) });
    }
    return undefined;
  }

  const est = reply.answer['json'] as Readonly<Record<string, unknown>>;
  const annotations = readAnnotations(est, source, head, problems);
  const { id } = annotations;
  const conditions = readConditions(est);
  const tooDeep = depthProblem(conditions);
  if (tooDeep !== undefined) problems.at(source, head, 'policy_too_deep', tooDeep, { policyId: id });
  if (conditions.callsUnknown) {
    problems.at(source, head, 'policy_construct', 'unknown(…) has no value to evaluate', { policyId: id });
  }
  if (id === undefined || !POLICY_ID.test(id) || tooDeep !== undefined) return undefined;
  const condition = conditionOf(est);
  const inexpressible = conditions.callsUnknown ? undefined : shapeProblem(condition.shape);
  if (inexpressible !== undefined) {
    problems.at(source, head, 'policy_construct', inexpressible, { policyId: id });
    return undefined;
  }

  return {
    id,
    effect: est['effect'] === 'permit' ? 'permit' : 'forbid',
    annotations,
    text,
    slots: slotsOf(est),
    literals: conditions.literals,
    work: conditions.work,
    condition,
    scope: { principal: est['principal'], action: est['action'], resource: est['resource'] },
    source,
    offset: piece.head,
  };
}

/** Bounds that hold before Cedar sees the text. */
function isReadable(piece: Piece, text: string, source: Source, problems: Problems): boolean {
  if (Buffer.byteLength(text) > LIMITS.policy_bytes) {
    const message = `a policy is over the limit policy_bytes (${LIMITS.policy_bytes})`;
    problems.at(source, { start: piece.head, end: piece.head + 1 }, 'policy_too_large', message);
    return false;
  }
  if (piece.nesting <= LIMITS.expression_nesting) return true;

  const message = `brackets and conditionals are nested ${piece.nesting} deep, over the limit expression_nesting (${LIMITS.expression_nesting})`;
  problems.at(source, { start: piece.deepest, end: piece.deepest + 1 }, 'policy_too_deep', message);
  return false;
}

function slotsOf(est: Readonly<Record<string, unknown>>): readonly string[] {
  return ['principal', 'resource'].filter((name) => hasSlot(est[name])).map((name) => `?${name}`);
}

function hasSlot(constraint: unknown): boolean {
  if (typeof constraint !== 'object' || constraint === null) return false;

  return 'slot' in constraint || ('in' in constraint && hasSlot(constraint.in));
}

function reportRepeated(policy: ParsedPolicy, first: ParsedPolicy, problems: Problems): void {
  problems.at(policy.source, headOf(policy), 'policy_id', `the id ${policy.id} is used twice`, {
    policyId: policy.id,
    help: `first used in ${first.source.path}`,
  });
}
