import { type ApprovalRule, SEVERITIES, type Severity } from '../../engine/approval.ts';
import { parseDuration } from '../../engine/extension/duration.ts';
import { parseUidText } from '../uid-text.ts';

const DEFAULT_TTL = '15m';
const MIN_TTL_MS = 1_000n;
const MAX_TTL_MS = 86_400_000n;
const COUNT = /^([1-9]|10)$/;
const DEFAULT_SEVERITY: Severity = 'medium';

/** Annotations that say something about an approval beside `@approval`. */
const DETAILS = ['approval_ttl', 'approval_count'] as const;
/** Those that this version acts on. */
export const APPROVAL_ANNOTATIONS: readonly string[] = ['approval', ...DETAILS];

/** What `@approval` and its details say, of annotations that were read without a problem; `undefined`: nothing. */
export function approvalOf(annotations: Readonly<Record<string, string>>): ApprovalRule | undefined {
  return annotations['approval'] === undefined ? undefined : readRule(annotations).rule;
}

/** What is wrong with them, in words. */
export function approvalProblems(
  annotations: Readonly<Record<string, string>>,
  effect: unknown,
): readonly string[] {
  if (annotations['approval'] === undefined) {
    return DETAILS.filter((name) => annotations[name] !== undefined).map(
      (name) => `@${name} says nothing without @approval`,
    );
  }
  if (effect !== 'forbid') {
    return [
      '@approval may stand on a forbid alone: an approval lifts what is forbidden, and permits nothing',
    ];
  }

  return readRule(annotations).problems;
}

interface Read {
  /** There exactly where there is no problem. */
  readonly rule?: ApprovalRule;
  readonly problems: readonly string[];
}

function readRule(annotations: Readonly<Record<string, string>>): Read {
  const { approval = '', approval_ttl: ttl = DEFAULT_TTL, approval_count: count = '1' } = annotations;
  const group = parseUidText(approval);
  const ttlMs = parseDuration(ttl)?.milliseconds ?? 0n;
  const severity = SEVERITIES.find((one) => one === (annotations['severity'] ?? DEFAULT_SEVERITY));
  const isCount = COUNT.test(count);
  const isTtl = ttlMs >= MIN_TTL_MS && ttlMs <= MAX_TTL_MS;
  if (group !== undefined && severity !== undefined && isCount && isTtl) {
    return { rule: { group, count: Number(count), ttlMs: Number(ttlMs), severity }, problems: [] };
  }

  return {
    problems: [
      ...(group === undefined
        ? ['@approval must name who approves as policies write an entity, such as Group::"finance"']
        : []),
      ...(isTtl ? [] : ['@approval_ttl must be a duration from 1s to 24h, such as 15m']),
      ...(isCount ? [] : ['@approval_count must be a number from 1 to 10']),
      ...(severity === undefined ? [`@severity must be one of ${SEVERITIES.join(', ')}`] : []),
    ],
  };
}
