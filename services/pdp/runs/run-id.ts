/** As the server makes them; anything else in `run_id` only correlates. */
const RUN_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Whether a text can be the id of a run that the server has opened. */
export function isRunId(text: string): boolean {
  return RUN_ID.test(text);
}
