import { createCedarInstance } from '../../../services/engine/cedar/instance.ts';
import type { Environment } from '../../../services/engine/compiled/expression.ts';
import type { EvaluationRequest } from '../../../services/engine/evaluator.ts';
import { closureOf } from '../../../services/engine/reach.ts';
import type { Schema } from '../../../services/engine/schema/schema.ts';
import { createPolicyIndex, type PolicyIndex } from '../../../services/engine/slice/policy-index.ts';
import { Random } from '../../engine/data/random.ts';
import { Coverage } from './coverage.ts';
import { createJudges, type Judgement, type ReadPolicy, readPolicy } from './judges.ts';
import { caseText } from './report.ts';
import { type Case, shrink } from './shrink.ts';
import { tracePolicy } from './trace.ts';
import { type Asked, type Batch, randomBatches, randomWorld, type World } from './world.ts';

export interface FuzzOptions {
  readonly requests: number;
  readonly seed: number;
  /** How many requests one policy set is asked at most; fewer make a short run more varied, and slower. */
  readonly requestsPerWorld?: number;
  /** Told of each difference. */
  readonly print: (text: string) => void;
  /** Told now and then how far it is. */
  readonly onProgress?: (done: number) => void;
}

export interface FuzzResult {
  readonly differences: number;
  readonly coverage: Coverage;
}

/** Worlds that one Cedar instance serves: it never gives memory back. */
const WORLDS_PER_INSTANCE = 400;
/** One request in so many has its expressions counted, which takes as long as judging it. */
const TRACED_ONE_IN = 4;
/** Differences that are shrunk and printed; the rest are counted. */
const MAX_PRINTED = 5;
const PROGRESS_MS = 5_000;
/** Seeds of worlds lie so far apart that those of two runs do not meet. */
const SEED_STEP = 0x9e3779b1;

/** Compares the compiled evaluator with Cedar over random worlds; the same seed asks the same requests. */
export function fuzz(options: FuzzOptions): FuzzResult {
  const {
    requests,
    seed,
    print,
    requestsPerWorld = Number.POSITIVE_INFINITY,
    onProgress = () => {},
  } = options;
  const coverage = new Coverage();
  let cedar = createCedarInstance();
  let done = 0;
  let differences = 0;
  let toldAt = Date.now();

  for (let index = 0; done < requests; index += 1) {
    if (index % WORLDS_PER_INSTANCE === 0) cedar = createCedarInstance();
    const random = new Random(Math.imul(index + 1, SEED_STEP) + seed);
    const world = randomWorld(random);
    const read = world.policies.map((policy) => readPolicy(cedar, policy));
    const judges = createJudges(
      cedar,
      world,
      read.map(({ policy }) => policy),
    );
    const tracer = createTracer(world.schema, read, coverage);

    const end = Math.min(requests, done + requestsPerWorld);
    for (const batch of randomBatches(random, world)) {
      const judge = judges.over(batch.entities);
      for (const asked of batch.requests) {
        if (done === end) break;
        done += 1;
        const judgement = judge(asked);
        countVerdict(coverage, judgement, read);
        if (judgement.request !== undefined && done % TRACED_ONE_IN === 0) tracer(judgement.request);
        if (judgement.cedar !== judgement.compiled) {
          differences += 1;
          if (differences <= MAX_PRINTED) print(`DIFFERENCE\n${describe(world, batch, asked, judgement)}\n`);
        }
        // The other requests would be refused for the same entities.
        if (judgement.refused === 'entities') break;
      }
    }
    if (Date.now() - toldAt < PROGRESS_MS) continue;
    toldAt = Date.now();
    onProgress(done);
  }

  return { differences, coverage };
}

/** Shrunk where it can be: a difference that comes again with new instances. */
function describe(world: World, { entities }: Batch, asked: Asked, judgement: Judgement): string {
  const found: Case = { ...world, entities, asked };
  const smallest = shrink(found, (one) => differs(one) !== undefined);

  return caseText(smallest, differs(smallest) ?? judgement);
}

function differs({ policies, entities, asked, ...world }: Case): Judgement | undefined {
  try {
    const cedar = createCedarInstance();
    const read = policies.map((policy) => readPolicy(cedar, policy).policy);
    const judgement = createJudges(cedar, world, read).over(entities)(asked);

    return judgement.cedar === judgement.compiled ? undefined : judgement;
  } catch {
    // What Cedar does not parse is no smaller case.
    return undefined;
  }
}

/** Counts which scopes match a request, and what evaluation reaches in the policies behind them. */
function createTracer(
  schema: Schema,
  read: readonly ReadPolicy[],
  coverage: Coverage,
): (request: EvaluationRequest) => void {
  const index = createPolicyIndex(
    schema,
    read.map(({ policy }) => policy),
  );
  const groups = new Map(
    [...schema.actions].map(([key, { ancestors }]) => [key, new Set(ancestors.map((group) => group.key))]),
  );

  return (request) => {
    const matching = new Set(sliceOf(index, request));
    const environment: Environment = {
      ...request,
      constants: [],
      entityOf: ({ key }) => request.entity(key),
      isIn: ({ key }, above) =>
        key === above.key || (request.entity(key)?.ancestors ?? groups.get(key))?.has(above.key) === true,
    };
    for (const [position, { est, policy }] of read.entries()) {
      const outcome = `${matching.has(position)}` as const;
      for (const part of ['principal', 'action', 'resource'] as const)
        coverage.count(`${part} ${policy.scope[part].op}`, outcome);
      if (matching.has(position)) tracePolicy(est, environment, coverage);
    }
  };
}

function sliceOf(
  index: PolicyIndex,
  { principal, action, resource, entity }: EvaluationRequest,
): readonly number[] {
  return index.slice({
    principal: { type: principal.type, keys: closureOf(principal, entity) },
    action: action.key,
    resource: { type: resource.type, keys: closureOf(resource, entity) },
  });
}

const VERDICT = /^(?<decision>allow|deny) by \[(?<by>.*)\], failed \[(?<failed>.*)\]$/;

function countVerdict(coverage: Coverage, { cedar, refused }: Judgement, read: readonly ReadPolicy[]): void {
  const { decision, by = '', failed = '' } = VERDICT.exec(cedar)?.groups ?? {};
  if (decision === undefined) {
    coverage.count('verdict: refused');
    if (refused !== undefined) coverage.count(`refused: ${refused}`);
    return;
  }

  const isLink = (id: string): boolean =>
    read.some(({ policy }) => policy.id === id && policy.source.kind === 'link');
  const determining = by === '' ? [] : by.split(',');
  const count = determining.length === 0 ? 'by default' : determining.length === 1 ? 'by one' : 'by several';
  coverage.count(`verdict: ${decision} ${count}`);
  if (failed !== '')
    coverage.count(`verdict: ${decision} ${count === 'by default' ? 'by default ' : ''}beside failures`);
  if (determining.some(isLink)) coverage.count('verdict: a link determines');
  if (failed.split(',').some(isLink)) coverage.count('verdict: a link fails');
}
