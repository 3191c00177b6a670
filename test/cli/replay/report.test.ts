import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { escapeHtml, reportPage } from '../../../services/cli/replay/html.ts';
import { createProgressLine, grouped, progressText } from '../../../services/cli/replay/progress.ts';
import { reportLines } from '../../../services/cli/replay/table.ts';
import {
  candidateAnswer,
  exampleAnswer,
  groupAnswer,
  verificationAnswer,
} from '../support/replay-answers.ts';

const HOSTILE = '</title></code><script>alert(1)</script>"\'&\u001b[2J\u202e\u0000\r\n‮<img src=x onerror=y>';

/** Everything that somebody else may write, hostile at once. */
const hostile = candidateAnswer({
  store: HOSTILE,
  read: 3n,
  replayed: 2n,
  unreplayed: { [HOSTILE]: 1n },
  bundle: { name: HOSTILE, version: HOSTILE, digest: HOSTILE },
  flips: { ...candidateAnswer().flips, all: 2n, allow_to_deny: 2n },
  groups: [
    groupAnswer({
      from: HOSTILE,
      to: HOSTILE,
      rate: HOSTILE,
      before: { code: HOSTILE, policies: [HOSTILE], further_policies: 2n },
      after: { code: HOSTILE, policies: [], further_policies: 0n, field: HOSTILE, message: HOSTILE },
      examples: [
        exampleAnswer({
          decision_id: HOSTILE,
          time: HOSTILE,
          principal: HOSTILE,
          action: HOSTILE,
          resource: HOSTILE,
          disclosed: { [HOSTILE]: { [HOSTILE]: [HOSTILE] } },
          disclosed_elsewhere: [HOSTILE],
        }),
      ],
    }),
  ],
});
const differing = verificationAnswer({
  store: HOSTILE,
  read: 1n,
  replayed: 1n,
  differing: 1n,
  differences: [
    {
      record: exampleAnswer({ principal: HOSTILE }),
      bundle: HOSTILE,
      members: [{ member: HOSTILE, recorded: HOSTILE, replayed: HOSTILE }],
      error: { code: HOSTILE, field: HOSTILE, message: HOSTILE },
    },
  ],
});

const OURS =
  '!doctype html head meta title style body h1 h2 p ul li div table thead tbody tr th td details summary code'.split(
    ' ',
  );

describe('the page', () => {
  test.each([
    ['flips', reportPage(hostile, [HOSTILE])],
    ['differences', reportPage(differing, [HOSTILE])],
  ])('of %s has no tag and no character that somebody else wrote', (_what, page) => {
    expect(page).not.toMatch(/<script|<img|onerror=y>|alert\(1\)<\/script>/);
    expect(page).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
    const tags = [...page.matchAll(/<\/?([a-z0-9!]+)/gi)].map(([, tag = '']) => tag);
    expect(tags.filter((tag) => !OURS.includes(tag))).toEqual([]);
  });

  test('loads nothing, runs nothing, and allows exactly its own style', () => {
    const page = reportPage(hostile, []);
    const style = /<style>(.*?)<\/style>/s.exec(page)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');

    expect(page).toContain(
      `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${hash}';`,
    );
    expect(page).not.toMatch(/<[^>]*\b(?:src|href|action|style)=|url\(|@import|https?:/i);
    expect(page).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
  });

  test('tells flips with their causes and examples, and what is missing', () => {
    const page = reportPage(
      candidateAnswer({
        read: 13n,
        replayed: 12n,
        waiting: 2n,
        unreplayed: { input_erased: 1n },
        flips: { ...candidateAnswer().flips, all: 12n, allow_to_deny: 12n },
        groups: [groupAnswer({ examples: [exampleAnswer({ disclosed: { 'input.branch': 'main' } })] })],
        ungrouped: 3n,
      }),
      ['allow-to-deny>0'],
    );

    for (const text of [
      'allow → deny',
      '12 (0.1%)',
      'forbidden: no-secrets',
      'permitted: agents-read',
      'input.branch=&#34;main&#34;',
      '1 have an input that was erased',
      '2 had not reached PostgreSQL',
      '3 further flips',
      'allow-to-deny&#62;0',
    ]) {
      expect(page).toContain(text);
    }
  });
});

test('a quote ends no attribute and an ampersand begins no reference', () => {
  expect(escapeHtml('<a title="\'">&amp;')).toBe('&#60;a title=&#34;&#39;&#34;&#62;&#38;amp;');
});

describe('the lines for a terminal', () => {
  test.each([
    ['flips', hostile],
    ['differences', differing],
  ])('of %s hold nothing that a terminal obeys', (_what, report) => {
    for (const line of reportLines(report)) expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });

  test('say that nothing flips, and where nothing was decided again', () => {
    const lines = reportLines(
      candidateAnswer({ read: 2n, unreplayed: { not_decided: 2n, key_missing: 0n } }),
    );

    expect(lines).toContain('No decision flips.');
    expect(lines).toContain('  2 ended in an error and were never decided');
    expect(lines.join('\n')).not.toContain('key');
  });

  test('say how many groups and differences they leave out', () => {
    const groups = Array.from({ length: 25 }, () => groupAnswer({ count: 2n }));

    expect(reportLines(candidateAnswer({ groups, ungrouped: 5n }))).toContain(
      '… and 15 flips of other causes: see --json',
    );
    expect(reportLines(verificationAnswer({ differing: 5n }))).toContain('… and 5 more');
  });
});

describe('progress', () => {
  test('is told on a terminal and nowhere else', () => {
    const written: string[] = [];
    const write = (text: string) => written.push(text) > 0;
    const line = createProgressLine({ isTTY: false, write }, () => 0);
    line.show({ read: 5n, replayed: 5n });
    line.clear();
    expect(written).toEqual([]);

    let now = 0;
    const shown = createProgressLine({ isTTY: true, write }, () => now);
    shown.show({ read: 0n, replayed: 0n });
    shown.show({ read: 1_000n, replayed: 900n });
    now = 2_000;
    shown.show({ read: 40_000n, replayed: 39_000n, total: 100_000n });
    shown.clear();
    expect(written.map((text) => text.replace('\r\u001b[2K', ''))).toEqual([
      'loading the bundle …',
      '1,000 records',
      '40,000 of 100,000 records, 20,000 a second, 3 s left',
      '',
    ]);
  });

  test('is no nonsense where more is read than was counted', () => {
    expect(progressText({ read: 10n, replayed: 10n, total: 5n }, 10_000)).toBe(
      '10 of 5 records, 1 a second, 0 s left',
    );
    expect(progressText({ read: 1n, replayed: 1n, total: 10_000_000n }, 1_000)).toContain(
      '2777 h 46 min left',
    );
    expect(grouped(1_234_567n)).toBe('1,234,567');
  });
});
