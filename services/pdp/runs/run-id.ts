import type { RunRule } from '../../bundles/runs/rule.ts';
import type { AuthorizeCall } from '../types.ts';

/** As the server makes them; anything else in `run_id` only correlates. */
const RUN_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Whether a text can be the id of a run that the server has opened. */
export function isRunId(text: string): boolean {
  return RUN_ID.test(text);
}

/**
 * The rule of an action as far as it bears on a call: one that is only counted in runs is no matter of them where the call has none.
 * @param rule of the action; absent where it has nothing to do with runs.
 */
export function ruleOfRun(
  rule: RunRule | undefined,
  { run }: Pick<AuthorizeCall, 'run'>,
): RunRule | undefined {
  return rule?.isNeeded === true || isRunId(run?.run_id ?? '') ? rule : undefined;
}
