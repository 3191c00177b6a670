import { jsonText } from '../../ledger/json.ts';
import type { CauseAnswer, ExampleAnswer, ReportAnswer } from './answer.ts';
import { grouped } from './progress.ts';

/** What the table and the page both say; none of it is escaped yet. */

const UNREPLAYED: Readonly<Record<string, string>> = {
  not_decided: 'ended in an error and were never decided',
  input_not_kept: 'were recorded without their input',
  input_erased: 'have an input that was erased',
  key_missing: 'have an input under a key that the keyring of the server lacks',
  input_altered: 'have an input that does not open or is not theirs',
  record_unreadable: 'are records that this version does not read',
  input_unreadable: 'have an input or facts that this version does not read',
  bundle_missing: 'were decided by a bundle that is not stored',
  bundle_unloadable: 'were decided by a bundle that this version does not load',
  other_evaluator: 'were decided by an evaluator that this version does not have',
};

/** One line for each reason why records were not decided again. */
export function unreplayedLines({ unreplayed, waiting }: ReportAnswer): string[] {
  const lines = Object.entries(unreplayed)
    .filter(([, count]) => count > 0n)
    .map(([reason, count]) => `${grouped(count)} ${UNREPLAYED[reason] ?? reason}`);

  return waiting > 0n
    ? [...lines, `${grouped(waiting)} had not reached PostgreSQL and were not read`]
    : lines;
}

/** What was replayed, against what, and how long that took. */
export function headline(report: ReportAnswer): string {
  const { store, from, until, read, replayed, elapsed_ms } = report;
  const range = `${from === null ? 'up to' : `from ${from} to`} ${until}`;
  const by =
    report.kind === 'candidate'
      ? `${report.bundle.name} ${report.bundle.version} (${report.bundle.digest})`
      : 'the bundles that decided them';
  const perSecond = elapsed_ms === 0n ? read : (1_000n * read) / elapsed_ms;

  return `Store ${store}, ${range}: ${grouped(replayed)} of ${grouped(read)} records decided again by ${by}, ${grouped(perSecond)} records a second.`;
}

/** The sum of it in one line. */
export function conclusion(report: ReportAnswer): string {
  if (report.kind === 'verification') {
    return report.differing === 0n
      ? `${grouped(report.replayed)} are what their bundle decides; none differs.`
      : `${grouped(report.differing)} of ${grouped(report.replayed)} are not what their bundle decides.`;
  }

  const { flips, otherwise_decided: otherwise } = report;
  const parts = FLIPS.filter(([name]) => flips[name] > 0n).map(
    ([name, words]) => `${grouped(flips[name])} ${words}`,
  );
  const same = otherwise === 0n ? '' : ` ${grouped(otherwise)} stay as they are for another reason.`;

  return flips.all === 0n
    ? `No decision flips.${same}`
    : `${grouped(flips.all)} flip: ${parts.join(', ')}.${same}`;
}

const FLIPS = [
  ['allow_to_deny', 'allowed and now denied'],
  ['deny_to_allow', 'denied and now allowed'],
  ['to_error', 'cannot be decided any more'],
  ['to_policy_error', 'now with a failing policy'],
  ['from_policy_error', 'no longer with a failing policy'],
] as const;

/** `allow → policy error`. */
export function flipText(from: string, to: string): string {
  return `${from} → ${to}`.replaceAll('_', ' ');
}

/** Why, and by which policies: `forbidden: no-push-to-main`. */
export function causeText({
  code,
  policies,
  further_policies: further,
  field,
  message,
}: CauseAnswer): string {
  const more = further > 0n ? [`and ${further} more`] : [];
  const named = [...policies, ...more].join(', ');
  const wrong = [field, message].filter((text) => text !== undefined).join(' ');

  return [code, named || wrong].filter((text) => text !== '').join(': ');
}

/** What was asked, and what people may see of its context. */
export function exampleText(example: ExampleAnswer): string {
  const { decision_id, time, principal, action, resource, disclosed, disclosed_elsewhere } = example;
  const shown = Object.entries(disclosed).map(([path, value]) => `${path}=${jsonText(value)}`);
  const elsewhere =
    disclosed_elsewhere.length === 0 ? [] : [`(too long to show: ${disclosed_elsewhere.join(', ')})`];

  return [time, principal, action, resource, ...shown, ...elsewhere, decision_id].join('  ');
}
