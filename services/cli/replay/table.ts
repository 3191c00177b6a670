import { escapeControls } from '../../bundles/problem.ts';
import { table } from '../output.ts';
import type { CandidateAnswer, ReportAnswer, VerificationAnswer } from './answer.ts';
import { causeText, conclusion, exampleText, flipText, headline, unreplayedLines } from './words.ts';

/** Groups that a terminal shows; `--json` and `--html` have the others too. */
const GROUPS = 20;
const EXAMPLES = 3;
const DIFFERENCES = 20;

/** A report for a terminal, without anything that a terminal would obey. */
export function reportLines(report: ReportAnswer): string[] {
  const body = report.kind === 'candidate' ? flipLines(report) : differenceLines(report);
  const lost = unreplayedLines(report);
  const missing = lost.length === 0 ? [] : ['', 'Not decided again:', ...lost.map((line) => `  ${line}`)];

  return [headline(report), ...body, '', conclusion(report), ...missing].map(escapeControls);
}

function flipLines({ groups, ungrouped }: CandidateAnswer): string[] {
  const shown = groups.slice(0, GROUPS);
  const hidden = groups.slice(GROUPS).reduce((sum, { count }) => sum + count, ungrouped);
  const [heading = '', ...rows] = table([
    ['FLIP', 'COUNT', 'RATE', 'NOW BY', 'BEFORE BY'],
    ...shown.map(({ from, to, count, rate, before, after }) => [
      flipText(from, to),
      String(count),
      rate,
      causeText(after),
      causeText(before),
    ]),
  ]);
  if (rows.length === 0) return [];
  const lines = shown.flatMap(({ examples }, index) => [
    rows[index] ?? '',
    ...examples.slice(0, EXAMPLES).map((example) => `    ${exampleText(example)}`),
  ]);

  return [
    '',
    heading,
    ...lines,
    ...(hidden > 0n ? [`… and ${hidden} flips of other causes: see --json`] : []),
  ];
}

function differenceLines({ differences, differing }: VerificationAnswer): string[] {
  const shown = differences.slice(0, DIFFERENCES);
  const lines = shown.flatMap(({ record, bundle, members, error }) => [
    '',
    exampleText(record),
    `    by ${bundle}`,
    ...members.map(
      ({ member, recorded, replayed }) => `    ${member}: recorded ${recorded}, replayed ${replayed}`,
    ),
    ...(error === undefined
      ? []
      : [`    cannot be decided: ${error.code}: ${[error.field, error.message].join(' ').trim()}`]),
  ]);
  const hidden = differing - BigInt(shown.length);

  return hidden > 0n ? [...lines, '', `… and ${hidden} more`] : lines;
}
