import { setImmediate as turn } from 'node:timers/promises';
import { type CompiledBundle, compileBundle } from '../../../services/bundles/compile.ts';
import { decideByBundle } from '../../../services/bundles/decide.ts';
import type { StoredEntities } from '../../../services/bundles/stored/stored-entities.ts';
import { parseJson } from '../../../services/engine/raw/json.ts';
import {
  afterChanges,
  type HeldEntities,
  NOTHING_HELD,
} from '../../../services/pdp/entities/held-entities.ts';
import { readHeld } from '../../../services/pdp/entities/read-held.ts';
import type { Effort, Figure } from '../figure.ts';
import { median, quantile } from '../statistics.ts';
import { loadFiles } from '../subject.ts';
import { PEOPLE_BUNDLE, people, peopleRequest } from './people.ts';

/** Of which every one is somebody's principal, so that all is asked for as often as in the large store. */
const FEW = 1_000;

/**
 * Measures whole decisions, from parsed requests to verdicts, by a store that holds many entities, in turns with one that holds few.
 * @returns times by the large one; `ratio`: how many times those of the small one they are.
 */
export async function measureStoredDecisions(
  name: string,
  entities: number,
  { rounds, requests, passes }: Effort,
  signal: AbortSignal,
): Promise<Figure> {
  const bundle = await compileBundle(await loadFiles(PEOPLE_BUNDLE, { signal }));
  const many = await readHeld(bundle, heldOf(entities));
  const few = await readHeld(bundle, heldOf(FEW));
  const questions = Array.from({ length: requests }, (_, index) => peopleRequest(index, FEW / 2));
  for (const stored of [many, few]) pass(bundle, stored, questions, passes);

  const measured: { many: Float64Array; few: Float64Array }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    measured.push({
      many: pass(bundle, many, questions, passes),
      few: pass(bundle, few, questions, passes),
    });
    await turn();
    signal.throwIfAborted();
  }

  return {
    name,
    unit: 'us',
    p50: median(measured.map((round) => quantile(round.many, 0.5))),
    p99: median(measured.map((round) => quantile(round.many, 0.99))),
    ratio: median(measured.map((round) => quantile(round.many, 0.5) / quantile(round.few, 0.5))),
  };
}

export function heldOf(entities: number): HeldEntities {
  const versions = people(entities).map(({ uid, document }) => ({ ...uid, document, sequence: 1n }));

  return afterChanges(NOTHING_HELD, versions, 1n);
}

function pass(
  bundle: CompiledBundle,
  stored: StoredEntities,
  questions: readonly ReturnType<typeof peopleRequest>[],
  passes: number,
): Float64Array {
  const times = new Float64Array(passes * questions.length);
  let at = 0;
  for (let count = 0; count < passes; count += 1) {
    for (const { want, context, entities, ...uids } of questions) {
      const asked = {
        ...uids,
        context: parseJson(context, 'context'),
        entities: parseJson(entities, 'entities'),
      };
      const startedAt = performance.now();
      const { verdict } = decideByBundle(bundle, asked, () => ({}), { stored });
      times[at] = 1_000 * (performance.now() - startedAt);
      at += 1;
      if (verdict.decision !== want)
        throw new Error(`${uids.principal.id}: ${verdict.decision}, not ${want}`);
    }
  }

  return times;
}
