import { Command, InvalidArgumentError } from 'commander';
import { LIMITS } from '../../../engine/limits.ts';
import { CliError, EXIT } from '../../errors.ts';
import { print } from '../../output.ts';
import { withProgress } from '../../progress.ts';
import { writeChanges } from './common.ts';
import { type ReadEntity, readEntities } from './read-entities.ts';

interface ImportOptions {
  readonly chunk: number;
  readonly skip: number;
  readonly reason: string;
  readonly json?: boolean;
}

/** Characters of one chunk; in bytes they may be three times as many, which the limit has room for. */
const CHUNK_CHARS = Math.floor(LIMITS.entity_write_bytes / 4);

const EPILOGUE = `
Parents are written before what stands under them, whatever their order in the file. Each chunk is one write, whole or not at all; where one is
refused, those before it stay written, and the message says with which --skip to go on.`;

export function importCommand(): Command {
  return new Command('import')
    .argument('<store>', 'the policy store')
    .argument('<file>', 'Cedar JSON: an array of entities, or one on each line; - is standard input')
    .option(
      '--chunk <n>',
      'entities that are written at once',
      numberUpTo(LIMITS.stored_entity_changes),
      1_000,
    )
    .option(
      '--skip <n>',
      'go on after so many, as a failed import has said',
      numberUpTo(LIMITS.stored_entities),
      0,
    )
    .option('--reason <text>', 'why, for the decision log', '')
    .option('--json', 'print JSON')
    .description('Writes many entities; those that are there already are replaced, and none is deleted.')
    .addHelpText('after', EPILOGUE)
    .action(async (store: string, file: string, { chunk, skip, reason, json }: ImportOptions) => {
      const entities = parentsFirst(distinct(await readEntities(file)));
      const answer = await withProgress(`importing into ${store}`, (onProgress) =>
        importAll(store, entities, { chunk, skip, reason }, onProgress),
      );
      print({ store, ...answer }, json, () => [
        `${answer.written} entities are written; ${store} is at sequence ${answer.sequence ?? 'as before'}.`,
      ]);
    });
}

async function importAll(
  store: string,
  entities: readonly ReadEntity[],
  { chunk, skip, reason }: Pick<ImportOptions, 'chunk' | 'skip' | 'reason'>,
  onProgress: (state: string) => void,
): Promise<{ readonly written: bigint; readonly sequence: bigint | null }> {
  let written = skip;
  let sequence: bigint | null = null;
  for (const texts of chunksOf(entities.slice(skip), chunk)) {
    try {
      ({ sequence } = await writeChanges(
        store,
        texts.map((text) => `{"put":${text}}`),
        { reason, dryRun: false },
      ));
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      const next = `entities[0] is ${entities[written]?.key}`;
      throw new CliError(
        `${error.message}\n${written} of ${entities.length} entities are written, and nothing of the chunk after them (its ${next}). Mend it, and go on with --skip ${written}.`,
        error.exitCode,
      );
    }
    written += texts.length;
    onProgress(`${written} of ${entities.length} entities`);
  }

  return { written: BigInt(Math.max(0, written - skip)), sequence };
}

/** @throws CliError where an entity stands twice: which of the two is meant, nobody knows. */
function distinct(entities: readonly ReadEntity[]): readonly ReadEntity[] {
  const seen = new Set<string>();
  for (const { key } of entities) {
    if (seen.has(key)) throw new CliError(`${key} stands twice in the file`, EXIT.usage);
    seen.add(key);
  }

  return entities;
}

function* chunksOf(entities: readonly ReadEntity[], size: number): Generator<readonly string[]> {
  let texts: string[] = [];
  let chars = 0;
  for (const { text } of entities) {
    if (texts.length > 0 && (texts.length === size || chars + text.length > CHUNK_CHARS)) {
      yield texts;
      texts = [];
      chars = 0;
    }
    texts.push(text);
    chars += text.length;
  }
  if (texts.length > 0) yield texts;
}

/**
 * The entities with what each stands under before it, else in their order; the same for the same file, so that one can go on. A circle stays
 * as it is, for the server to refuse.
 */
export function parentsFirst(entities: readonly ReadEntity[]): readonly ReadEntity[] {
  const byKey = new Map(entities.map((entity) => [entity.key, entity]));
  const seen = new Set<ReadEntity>();
  const ordered: ReadEntity[] = [];
  for (const entity of entities) {
    const open = [{ entity, isDone: false }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (next.isDone) ordered.push(next.entity);
      if (next.isDone || seen.has(next.entity)) continue;
      seen.add(next.entity);
      open.push({ entity: next.entity, isDone: true });
      for (const key of next.entity.parents.toReversed()) {
        const parent = byKey.get(key);
        if (parent !== undefined) open.push({ entity: parent, isDone: false });
      }
    }
  }

  return ordered;
}

function numberUpTo(most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d{1,6}$/.test(text) && number <= most) return number;
    throw new InvalidArgumentError(`It is a whole number up to ${most}.`);
  };
}
