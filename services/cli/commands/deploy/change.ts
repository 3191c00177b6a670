import { type Command, InvalidArgumentError } from 'commander';
import type { JsonValue } from '../../../ledger/json.ts';
import { createAdminClient } from '../../client.ts';
import { print } from '../../output.ts';
import type { ChangeAnswer, DeploymentAnswer, ProposalAnswer } from './answer.ts';
import { stateLines } from './lines.ts';

/** What every change may be given beside what it changes. */
export interface ChangeOptions {
  readonly expectedSequence?: bigint;
  readonly reason: string;
  readonly json?: boolean;
}

/** Adds the options that every change has. */
export function withChangeOptions(command: Command): Command {
  return command
    .option(
      '--expected-sequence <n>',
      'refuse if another change came after this one (0: none yet)',
      sequenceOf,
    )
    .option('--reason <text>', 'why, for the history and the decision log', '')
    .option('--json', 'print JSON');
}

/**
 * Sends a change and prints what came of it: the new state, or the proposal that waits for somebody else.
 * @param path below `/v1/stores/{store}`.
 * @param done the first line where it is done.
 */
export async function sendChange(
  method: 'POST' | 'PUT',
  store: string,
  path: string,
  body: Readonly<Record<string, JsonValue | undefined>>,
  { expectedSequence, reason, json }: ChangeOptions,
  done: (deployment: DeploymentAnswer) => string,
): Promise<void> {
  const given = { ...body, reason, expected_sequence: expectedSequence };
  const answer = (await createAdminClient().request(
    method,
    `/v1/stores/${encodeURIComponent(store)}${path}`,
    {
      json: presentOnly(given),
    },
  )) as ChangeAnswer;

  print(answer, json, () =>
    'proposal' in answer ? waitingLines(answer.proposal) : [done(answer), ...stateLines(answer)],
  );
}

/** The members that are given, since JSON knows no absent ones. */
export function presentOnly(members: Readonly<Record<string, JsonValue | undefined>>): JsonValue {
  const given = Object.entries(members).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );

  return Object.fromEntries(given);
}

export function sequenceOf(text: string): bigint {
  if (/^\d{1,18}$/.test(text)) return BigInt(text);

  throw new InvalidArgumentError('It is a whole number, the SEQUENCE of `palisade deploy status`.');
}

/** What to do where a change takes two persons. */
export function waitingLines({ id, store, expires_at }: ProposalAnswer): string[] {
  return [
    `Changes of ${store} take two persons. This one waits for somebody else, until ${expires_at}:`,
    `palisade deploy approve ${id}`,
  ];
}
