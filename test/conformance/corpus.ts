import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';

/** One test of Cedar's public integration corpus, its files as text. */
export interface CorpusTest {
  readonly name: string;
  readonly policies: string;
  readonly schema: string;
  readonly entities: string;
  /** The test file itself: requests with what Cedar answers. */
  readonly text: string;
}

/** Where the corpus is found in a checkout that has it beside itself. */
export const DEFAULT_CORPUS = '../shared/conformance/cedar-corpus.tar.gz';

/** What to tell who has no corpus. */
export const CORPUS_REMEDY =
  'set PALISADE_TEST_CORPUS to a tar.gz of corpus-tests/ from github.com/cedar-policy/cedar-integration-tests';

/** Reads the archive; tests come in the order of their names. */
export async function readCorpus(path: string): Promise<readonly CorpusTest[]> {
  const files = await readFiles(path);
  const names = [...files.keys()]
    .filter((name) => name.endsWith('.json') && !name.endsWith('.entities.json'))
    .sort();

  return names.map((name) => {
    const text = files.get(name) ?? '';
    const { policies, schema, entities } = JSON.parse(text) as Record<
      'policies' | 'schema' | 'entities',
      string
    >;
    const file = (reference: string): string => {
      const found = files.get(baseName(reference));
      if (found === undefined) throw new Error(`${name} names ${reference}, which the archive does not hold`);

      return found;
    };

    return { name, text, policies: file(policies), schema: file(schema), entities: file(entities) };
  });
}

async function readFiles(path: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  const archive = Readable.from([readFileSync(path)])
    .pipe(createGunzip())
    .pipe(extract());
  for await (const entry of archive) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) chunks.push(chunk as Uint8Array);
    if (entry.header.type === 'file')
      files.set(baseName(entry.header.name), Buffer.concat(chunks).toString('utf8'));
  }

  return files;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
