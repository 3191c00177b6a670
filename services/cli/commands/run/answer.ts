import type { RawUid } from '../../../engine/raw/raw.ts';
import { uidText } from '../../../engine/traced/cedar-text.ts';

/** A run as `/v1/runs` tells it, and with more where administration does. */
export interface RunAnswer {
  readonly run_id: string;
  readonly principal: RawUid;
  readonly policy_store: string;
  readonly parent_run_id?: string;
  readonly root_run_id: string;
  readonly conversation_id?: string;
  readonly labels: readonly string[];
  readonly steps: bigint;
  readonly open: boolean;
  readonly started_at: string;
  readonly ends_at: string;
  /** Name of the credential that started it. */
  readonly subject?: string;
  readonly actions?: readonly { readonly action: RawUid; readonly count: bigint; readonly last: string }[];
}

/** All that is known of a run, as people read it. */
export function runLines(run: RunAnswer): readonly string[] {
  const { open, steps, ends_at: end, subject, parent_run_id: parent, conversation_id: conversation } = run;

  const named: readonly (readonly [string, string | undefined])[] = [
    ['principal', uidText(run.principal)],
    ['store', run.policy_store],
    ['credential', subject],
    ['parent', parent],
    ['root', parent === undefined ? undefined : run.root_run_id],
    ['conversation', conversation],
    ['labels', run.labels.length === 0 ? 'none' : run.labels.join(', ')],
    ['steps', String(steps)],
  ];

  return [
    `${open ? 'open until' : 'ended at'} ${end}, started at ${run.started_at}`,
    ...named.flatMap(([name, text]) => (text === undefined ? [] : [`${name.padEnd(12)} ${text}`])),
    ...(run.actions ?? []).map(
      ({ action, count, last }) => `${uidText(action)}: allowed ${timesText(count)}, last at ${last}`,
    ),
  ];
}

function timesText(count: bigint): string {
  return count === 1n ? 'once' : `${count} times`;
}
