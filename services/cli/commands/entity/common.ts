import { type Command, InvalidArgumentError } from 'commander';
import { parseUidText } from '../../../bundles/uid-text.ts';
import type { RawUid } from '../../../engine/raw/raw.ts';
import type { JsonValue } from '../../../ledger/json.ts';
import { createAdminClient } from '../../client.ts';
import { print } from '../../output.ts';

/** What every write may be given beside what it changes. */
export interface WriteOptions {
  readonly reason: string;
  readonly dryRun: boolean;
  readonly json?: boolean;
}

export interface WrittenAnswer {
  readonly store: string;
  readonly sequence: bigint;
  readonly put: bigint;
  readonly deleted: bigint;
}

/** An entity as administration tells it. */
export interface EntityAnswer {
  readonly entity: { readonly uid: RawUid; readonly [member: string]: JsonValue | RawUid };
  readonly sequence: bigint;
  readonly author: string;
  readonly written_at: string;
}

export interface EntityPage {
  readonly state_sequence: bigint;
  readonly entities: readonly EntityAnswer[];
  readonly next?: string;
}

export function withWriteOptions(command: Command): Command {
  return command
    .option('--reason <text>', 'why, for the decision log', '')
    .option('--dry-run', 'check all of it and write nothing', false)
    .option('--json', 'print JSON');
}

/** Adds the lock of writes of one entity. */
export function withExpectation(command: Command): Command {
  return command.option(
    '--expected-sequence <n>',
    'refuse if the entity was written after this sequence (0: it must not be there)',
    entitySequence,
  );
}

export function entitySequence(text: string): bigint {
  if (/^\d{1,18}$/.test(text)) return BigInt(text);

  throw new InvalidArgumentError('It is a whole number, the SEQUENCE of `palisade entity list`.');
}

export function entityUid(text: string): RawUid {
  const uid = parseUidText(text);
  if (uid !== undefined) return uid;

  throw new InvalidArgumentError(`It is an entity such as 'User::"alice"'.`);
}

/** As {@link entityUid}, for an option or argument that stands more than once. */
export function moreUids(text: string, before: readonly RawUid[] = []): readonly RawUid[] {
  return [...before, entityUid(text)];
}

export function toldUid({ type, id }: RawUid): string {
  return `${type}::${JSON.stringify(id)}`;
}

export function entitiesPath(store: string): string {
  return `/v1/stores/${encodeURIComponent(store)}/entities`;
}

/**
 * Writes changes as one state and prints what came of it.
 * @param changes JSON texts of members of `entities`, as the API has them.
 */
export async function sendChanges(
  store: string,
  changes: readonly string[],
  { reason, dryRun, json }: WriteOptions,
  done: string,
): Promise<void> {
  const answer = await writeChanges(store, changes, { reason, dryRun });
  print(answer, json, () => [
    dryRun
      ? `Nothing is written: ${done} would be sequence ${answer.sequence} of ${store}.`
      : `${done} is sequence ${answer.sequence} of ${store}.`,
  ]);
}

/** Writes changes as one state. */
export async function writeChanges(
  store: string,
  changes: readonly string[],
  { reason, dryRun }: Pick<WriteOptions, 'reason' | 'dryRun'>,
): Promise<WrittenAnswer> {
  const text = `{"entities":[${changes.join()}],"reason":${JSON.stringify(reason)},"dry_run":${dryRun}}`;

  return (await createAdminClient().request('POST', entitiesPath(store), { text })) as WrittenAnswer;
}

/** Reads all pages of what a store holds, all of them of one state. */
export async function* pagesOf(
  store: string,
  asked: { readonly type?: string | undefined; readonly sequence?: bigint | undefined },
  pageSize = 1_000,
): AsyncGenerator<EntityPage> {
  const client = createAdminClient();
  const query = new URLSearchParams({ limit: String(pageSize) });
  if (asked.type !== undefined) query.set('type', asked.type);
  if (asked.sequence !== undefined) query.set('state_sequence', String(asked.sequence));
  for (;;) {
    const page = (await client.request('GET', `${entitiesPath(store)}?${query}`)) as EntityPage;
    yield page;
    if (page.next === undefined) return;
    query.set('cursor', page.next);
  }
}
