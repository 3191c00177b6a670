import type {
  BundleDiff,
  Changed,
  FieldChange,
  Outcome,
  OutcomeChange,
} from '../../../bundles/diff/report.ts';

/** A difference between bundles as people read it; what decides differently comes last, where a terminal shows it. */
export function diffReport(diff: BundleDiff): readonly string[] {
  const { a, b, manifest, policies, schema, entities, tests, outcomes } = diff;
  if (diff.same) return [`${a.name} ${a.version}: the same bundle, ${a.digest}`];

  const sections = [
    section('Manifest', manifest.map(fieldLine)),
    section('Schema', schema.map(fieldLine)),
    section('Entities', namesOf(entities)),
    section('Policies', policyLines(policies)),
    section('Tests', namesOf(mapped(tests, ({ file, name }) => `${file} ${JSON.stringify(name)}`))),
    section('Answered differently', outcomes.flatMap(outcomeLines)),
  ].flat();

  return [
    `--- ${a.name} ${a.version} ${a.digest}`,
    `+++ ${b.name} ${b.version} ${b.digest}`,
    '',
    ...(sections.length > 0
      ? sections
      : [`Only comments, formatting or order differ, in ${allFiles(diff).join(', ')}.`, '']),
    summaryOf(diff),
    ...(a.name === b.name && a.version === b.version
      ? [
          `Both are ${a.name} ${a.version}: raise the version, or a push is refused where the first one is stored.`,
        ]
      : []),
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`), ''];
}

function fieldLine({ field, before, after }: FieldChange): string {
  if (before === undefined) return `+ ${field}: ${after}`;

  return after === undefined ? `- ${field}: ${before}` : `~ ${field}: ${before} -> ${after}`;
}

function namesOf({ added, removed, changed }: Changed<string>): readonly string[] {
  return [
    ...removed.map((one) => `- ${one}`),
    ...added.map((one) => `+ ${one}`),
    ...changed.map((one) => `~ ${one}`),
  ];
}

function policyLines({ added, removed, changed }: BundleDiff['policies']): readonly string[] {
  const whole = (sign: string) => (one: BundleDiff['policies']['added'][number]) => [
    `${sign} ${one.effect} ${one.id}${one.kind === 'policy' ? '' : ` (${one.kind})`}`,
    ...one.text.split('\n').map((line) => `    ${sign} ${line}`),
  ];

  return [
    ...removed.flatMap(whole('-')),
    ...added.flatMap(whole('+')),
    ...changed.flatMap(({ id, parts, lines }) => [
      `~ ${id}: ${parts.join(', ')}`,
      ...lines.map((line) => `    ${line}`),
    ]),
  ];
}

function outcomeLines({ file, name, of, before, after }: OutcomeChange): readonly string[] {
  const whose = of === 'both' ? 'both' : of === 'a' ? 'the first' : 'the second';

  return [
    `${file} ${JSON.stringify(name)} (of ${whose})`,
    `  - ${answerText(before)}`,
    `  + ${answerText(after)}`,
  ];
}

function answerText({ decision, why, passed }: Outcome): string {
  return `${decision}, ${why}${passed ? '' : ' (not what the test wants)'}`;
}

function summaryOf({ policies, outcomes }: BundleDiff): string {
  const { added, removed, changed } = policies;
  const turned = outcomes.filter(({ before, after }) => before.decision !== after.decision).length;

  return `${added.length} policies added, ${removed.length} removed, ${changed.length} changed; ${outcomes.length} tests answered differently, ${turned} with another decision`;
}

function allFiles({ files: { added, removed, changed } }: BundleDiff): readonly string[] {
  return [...added, ...removed, ...changed];
}

function mapped<T>({ added, removed, changed }: Changed<T>, text: (one: T) => string): Changed<string> {
  return { added: added.map(text), removed: removed.map(text), changed: changed.map(text) };
}
