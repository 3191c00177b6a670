import { createHash } from 'node:crypto';
import { escapeControls } from '../../bundles/problem.ts';
import type { CandidateAnswer, ExampleAnswer, ReportAnswer, VerificationAnswer } from './answer.ts';
import { causeText, conclusion, exampleText, flipText, headline, unreplayedLines } from './words.ts';

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 70rem; padding: 1rem; color: #1b1b1b; background: #fff; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
p, li, td, th, summary { overflow-wrap: anywhere; }
.sum { font-size: 1.1rem; font-weight: 600; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid #ccc; }
td.count { text-align: right; white-space: nowrap; }
code { font: .85rem/1.4 ui-monospace, monospace; }
details { margin: .3rem 0; }
@media (prefers-color-scheme: dark) {
  body { color: #e6e6e6; background: #161616; }
  th, td { border-color: #444; }
}
@media (max-width: 40rem) {
  thead { display: none; }
  tr, td { display: block; }
  tr { padding: .5rem 0; border-bottom: 1px solid #888; }
  td { border: 0; padding: .1rem 0; }
  td.count { text-align: left; }
  td::before { content: attr(data-label) ": "; font-weight: 600; }
}
`;

/** Nothing is loaded and nothing runs; of styles there is exactly this one. */
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`;

/** A report as one page that needs nothing else. Everything that somebody else wrote is escaped. */
export function reportPage(report: ReportAnswer, failed: readonly string[]): string {
  const title = `Palisade replay: ${report.store}`;
  const body = report.kind === 'candidate' ? flipSection(report) : differenceSection(report);

  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(headline(report))}</p>
<p class="sum">${escapeHtml(conclusion(report))}</p>
${section(
  'Rules that are not met',
  failed.map((rule) => escapeHtml(rule)),
)}
${body}
${section('Not decided again', unreplayedLines(report).map(escapeHtml))}
</body>
</html>
`;
}

/** Text within an element or a quoted attribute; what would turn or hide other text is spelled out. */
export function escapeHtml(text: string): string {
  return escapeControls(text).replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** @param items HTML. */
function section(title: string, items: readonly string[]): string {
  if (items.length === 0) return '';

  return `<h2>${title}</h2>\n<ul>\n${items.map((item) => `<li>${item}</li>`).join('\n')}\n</ul>`;
}

function flipSection({ groups, ungrouped }: CandidateAnswer): string {
  if (groups.length === 0) return '';
  const rows = groups.map(({ from, to, count, rate, before, after, examples }) =>
    [
      '<tr>',
      cell('Flip', flipText(from, to)),
      cell('Count', `${count} (${rate})`, 'count'),
      cell('Now by', causeText(after)),
      `<td data-label="Before by">${escapeHtml(causeText(before))}${exampleList(examples)}</td>`,
      '</tr>',
    ].join(''),
  );
  const more =
    ungrouped === 0n
      ? ''
      : `<p>${ungrouped} further flips have causes of their own, which are not listed.</p>`;

  return `<h2>Flips</h2>
<div class="scroll"><table>
<thead><tr><th>Flip</th><th>Count</th><th>Now by</th><th>Before by</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table></div>${more}`;
}

function cell(label: string, text: string, className?: string): string {
  const named = className === undefined ? '' : ` class="${className}"`;

  return `<td${named} data-label="${label}">${escapeHtml(text)}</td>`;
}

function exampleList(examples: readonly ExampleAnswer[]): string {
  const items = examples.map((example) => `<li><code>${escapeHtml(exampleText(example))}</code></li>`);

  return `<details><summary>${examples.length} of the newest</summary><ul>${items.join('')}</ul></details>`;
}

function differenceSection({ differences, differing }: VerificationAnswer): string {
  const items = differences.map(({ record, bundle, members, error }) => {
    const found = members.map(
      ({ member, recorded, replayed }) => `${member}: recorded ${recorded}, replayed ${replayed}`,
    );
    const refused =
      error === undefined
        ? []
        : [`cannot be decided: ${error.code}: ${[error.field, error.message].join(' ').trim()}`];
    const lines = [`by ${bundle}`, ...found, ...refused].map((line) => `<li>${escapeHtml(line)}</li>`);

    return `<code>${escapeHtml(exampleText(record))}</code><ul>${lines.join('')}</ul>`;
  });
  const hidden = differing - BigInt(differences.length);

  return section('Differences', hidden > 0n ? [...items, `and ${hidden} more`] : items);
}
