import { describe, expect, test } from 'vitest';
import type {
  CandidateAnswer,
  ReportAnswer,
  VerificationAnswer,
} from '../../../services/cli/replay/answer.ts';
import { COUNTED, readFailOn } from '../../../services/cli/replay/fail-on.ts';
import { candidateAnswer, verificationAnswer } from '../support/replay-answers.ts';

const flips = candidateAnswer({
  read: 1_200n,
  replayed: 1_000n,
  flips: {
    all: 6n,
    allow_to_deny: 3n,
    deny_to_allow: 2n,
    to_policy_error: 1n,
    from_policy_error: 0n,
    to_error: 1n,
  },
});

function isMet(rule: string, report: ReportAnswer): boolean {
  const read = readFailOn(rule, report.kind);
  if (typeof read === 'string') throw new Error(read);

  return read.isMet(report);
}

describe('a rule of --fail-on', () => {
  test.each<[string, boolean]>([
    ['flips>5', true],
    ['flips>6', false],
    ['flips>=6', true],
    ['flips<7', true],
    ['flips<=5', false],
    ['allow-to-deny>0', true],
    ['allow-to-deny > 3', false],
    [' deny-to-allow>=2 ', true],
    ['to-policy-error>0', true],
    ['from-policy-error>0', false],
    ['from-policy-error>=0', true],
    ['to-error>0%', true],
    ['to-error>0.1%', false],
    ['to-error>=0.1%', true],
    ['flips>0.6%', false],
    ['flips>0.599999%', true],
    ['allow-to-deny>=0.3%', true],
    ['replayed<1000', false],
    ['replayed<1001', true],
    ['replayed<84%', true],
    ['replayed<83.333333%', false],
    ['unreplayed>=200', true],
    ['unreplayed>16.7%', false],
    ['unreplayed>16.6%', true],
    ['flips>999999999999999', false],
  ])('%s is so: %s', (rule, met) => {
    expect(isMet(rule, flips)).toBe(met);
  });

  test.each<[string, boolean]>([
    ['flips>0%', false],
    ['flips>=0%', true],
    ['replayed<1', true],
    ['unreplayed>0%', false],
  ])('%s is so of nothing at all: %s', (rule, met) => {
    const nothing = candidateAnswer({ read: 0n, replayed: 0n });

    expect(isMet(rule, nothing)).toBe(met);
  });

  test('counts differences of a verification', () => {
    const verification: VerificationAnswer = verificationAnswer({ read: 10n, replayed: 10n, differing: 1n });

    expect(isMet('differences>0', verification)).toBe(true);
    expect(isMet('differences>10%', verification)).toBe(false);
  });

  test.each([
    '',
    'flips',
    'flips>',
    '>0',
    'flips>-1',
    'flips>1e3',
    'flips>0.5',
    'flips>0.1234567%',
    'flips>1 2',
    'flips=>1',
    'flips==1',
    'flips>1%%',
    'allow_to_deny>0',
    'Flips>0',
    'toString>0',
    'flips>1000000000000000',
    'flips>0; flips>1',
  ])('%j is none', (rule) => {
    expect(readFailOn(rule, 'candidate')).toEqual(expect.any(String));
  });

  test('counts what its kind of replay counts, and nothing else', () => {
    for (const name of Object.keys(COUNTED)) {
      const inBoth = name === 'replayed' || name === 'unreplayed';
      const read = (kind: ReportAnswer['kind']) => typeof readFailOn(`${name}>0`, kind) === 'object';

      expect(read('candidate'), name).toBe(inBoth || name !== 'differences');
      expect(read('verification'), name).toBe(inBoth || name === 'differences');
    }
  });

  test('each name counts its own member', () => {
    const members = Object.keys(flips.flips) as (keyof CandidateAnswer['flips'])[];
    for (const member of members) {
      const only = candidateAnswer({
        read: 10n,
        replayed: 10n,
        flips: { ...candidateAnswer().flips, [member]: 1n },
      });
      const met = Object.keys(COUNTED)
        .filter((name) => name !== 'differences' && !name.endsWith('replayed'))
        .filter((name) => isMet(`${name}>0`, only));

      expect(met).toEqual([member === 'all' ? 'flips' : member.replaceAll('_', '-')]);
    }
  });
});
