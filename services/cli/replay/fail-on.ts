import type { ReportAnswer } from './answer.ts';

/** What `--fail-on` may count. */
export const COUNTED = {
  flips: 'everything that would be decided otherwise, each once',
  'allow-to-deny': 'allowed, and now denied, also because a policy fails',
  'deny-to-allow': 'denied, also because a policy failed, and now allowed',
  'to-policy-error': 'now denied because a policy fails',
  'from-policy-error': 'was denied because a policy failed, and no longer is',
  'to-error': 'the candidate cannot decide it: the caller would get an error',
  differences: 'with --verify: records that are not what their own bundle decides',
  replayed: 'records that were decided again',
  unreplayed: 'records that could not be',
} as const;

type Counted = keyof typeof COUNTED;

/** Something that must not be so. */
export interface FailOn {
  /** As it was written. */
  readonly text: string;
  /** Whether it is so. */
  readonly isMet: (report: ReportAnswer) => boolean;
}

const RULE = /^([a-z-]+) *(>=|<=|>|<) *(\d{1,15})(?:\.(\d{1,6}))?(%?)$/;

/** A millionth of a percent: so fine is a share told, and compared without rounding. */
const DIGITS = 6;
const WHOLE = 100n * 10n ** BigInt(DIGITS);

/**
 * Reads a rule such as `allow-to-deny>0` or `flips>=0.5%`; a share is one of the replayed records, that of `unreplayed` and `replayed`
 * one of those that were read.
 * @returns what is wrong with it, for whoever wrote it.
 */
export function readFailOn(text: string, kind: ReportAnswer['kind']): FailOn | string {
  const [, name = '', operator = '', whole = '', fraction, percent] = RULE.exec(text.trim()) ?? [];
  if (name === '') return `${text} is no rule; write one such as 'allow-to-deny>0' or 'flips>=0.5%'`;
  if (!isCounted(name))
    return `${name} is nothing that is counted; there are ${Object.keys(COUNTED).join(', ')}`;
  if (!isCountedIn(kind, name)) {
    return `${name} is not counted ${kind === 'verification' ? 'with --verify' : 'without --verify'}`;
  }
  if (fraction !== undefined && percent === '')
    return `${text} needs a whole number, or a share such as 0.5%`;

  const wanted = BigInt(whole + (fraction ?? '').padEnd(percent === '' ? 0 : DIGITS, '0'));
  const compare = COMPARE[operator as keyof typeof COMPARE];

  return {
    text: text.trim(),
    isMet(report) {
      const count = countOf(report, name);
      if (percent === '') return compare(count, wanted);
      const of = name === 'replayed' || name === 'unreplayed' ? report.read : report.replayed;

      // Nothing of nothing is no share at all: 0%.
      return compare(count * WHOLE, wanted * (of === 0n ? 1n : of));
    },
  };
}

const COMPARE = {
  '>': (a: bigint, b: bigint) => a > b,
  '>=': (a: bigint, b: bigint) => a >= b,
  '<': (a: bigint, b: bigint) => a < b,
  '<=': (a: bigint, b: bigint) => a <= b,
} as const;

function isCounted(name: string): name is Counted {
  return Object.hasOwn(COUNTED, name);
}

function isCountedIn(kind: ReportAnswer['kind'], name: Counted): boolean {
  if (name === 'replayed' || name === 'unreplayed') return true;

  return (name === 'differences') === (kind === 'verification');
}

function countOf(report: ReportAnswer, name: Counted): bigint {
  if (name === 'replayed') return report.replayed;
  if (name === 'unreplayed') return report.read - report.replayed;
  if (report.kind === 'verification') return name === 'differences' ? report.differing : 0n;

  return name === 'flips' ? report.flips.all : (report.flips[FLIPS[name] ?? 'all'] ?? 0n);
}

const FLIPS: Partial<Record<Counted, keyof Extract<ReportAnswer, { kind: 'candidate' }>['flips']>> = {
  'allow-to-deny': 'allow_to_deny',
  'deny-to-allow': 'deny_to_allow',
  'to-policy-error': 'to_policy_error',
  'from-policy-error': 'from_policy_error',
  'to-error': 'to_error',
};
