import { createCedarEvaluator } from '../engine/cedar/evaluator.ts';
import { createEvaluatorInSteps } from '../engine/compiled/evaluator.ts';
import { type Entity, readEntitiesInSteps } from '../engine/data/entities.ts';
import type { Evaluator, EvaluatorName } from '../engine/evaluator.ts';
import { callerContext, declaredFacts, declaredMembers, factsRecord } from '../engine/facts/assert.ts';
import type { FactName } from '../engine/facts/shape.ts';
import type { Policy } from '../engine/policy.ts';
import { parseTrustedListInSteps } from '../engine/raw/json.ts';
import { readSchema } from '../engine/schema/read.ts';
import type { ActionType, RecordType, Schema } from '../engine/schema/schema.ts';
import { eachInSteps, inSteps } from '../engine/steps.ts';
import type { LimitDeclaration } from './limits/declaration.ts';
import { type LimitRule, limitsByAction } from './limits/rule.ts';
import type { LabelsDeclaration } from './runs/declaration.ts';
import { type RunRule, runRules } from './runs/rule.ts';

/** Where the entities of a type come from; exactly one source each. */
export type EntitySource = 'bundle' | 'store' | 'request';

/** A checked bundle as plain data, the way a worker hands it over. */
export interface BundleParts {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly schemaText: string;
  /** Answer of `schemaToJsonWithResolvedTypes`. */
  readonly resolvedSchema: unknown;
  readonly policies: readonly Policy[];
  /** Cedar JSON text of the static entities. */
  readonly entities: string;
  /** Types that are not named are the bundle's. */
  readonly entitySources: Readonly<Record<string, EntitySource>>;
  /** Paths of the context that people may see in decision records. */
  readonly recordAllow: readonly string[];
  /** Paths of the context that an approver is not shown. */
  readonly approvalRedact: readonly string[];
  readonly disclosure: Disclosure;
  readonly limits: readonly LimitDeclaration[];
  readonly labels: LabelsDeclaration | undefined;
}

/** What a denied caller is told: the reason code alone, or what the deciding policies say too. */
export type Disclosure = 'reason_code' | 'guidance';

/** An action, with what a caller may send and what the PDP adds. */
export interface BundleAction {
  /** The context is without `pdp`. */
  readonly forCaller: ActionType;
  /** What it declares as `pdp`. */
  readonly declared: RecordType;
  readonly facts: readonly FactName[];
  /** Names of the limits whose state it declares as a fact. */
  readonly limitFacts: readonly string[];
  /** What counts it, in the order of names. */
  readonly limits: readonly LimitRule[];
  /** Absent where it has nothing to do with runs. */
  readonly run: RunRule | undefined;
}

/** A bundle ready to decide: immutable, shared by all requests that it was selected for. */
export interface CompiledBundle {
  readonly ref: { readonly name: string; readonly version: string; readonly digest: string };
  readonly schema: Schema;
  readonly actions: ReadonlyMap<string, BundleAction>;
  readonly policies: ReadonlyMap<string, Policy>;
  readonly entities: ReadonlyMap<string, Entity>;
  readonly sourceOf: (type: string) => EntitySource;
  /** Whether the source of any type is the store: then a request is decided by what the store holds as well. */
  readonly readsStore: boolean;
  readonly recordAllow: readonly string[];
  readonly approvalRedact: readonly string[];
  /** Whether any of its forbids yields to an approval. */
  readonly asksApproval: boolean;
  readonly disclosure: Disclosure;
  readonly limits: readonly LimitDeclaration[];
  /** Whether any of its actions may depend on state in PostgreSQL. */
  readonly isStateful: boolean;
  readonly evaluator: Evaluator;
  /** The same bundle with some of its policies left out; takes as long as compiling it, and yields as that does. */
  readonly without: (ids: ReadonlySet<string>) => Promise<CompiledBundle>;
}

/**
 * Makes a checked bundle decide. Yields to other work between blocking steps: what is done with policies and entities takes some milliseconds
 * at a time, however many they are, and what is done with a schema of thousands of actions up to 60 ms.
 * @throws PdpError or Error where the parts are not those of a checked bundle.
 */
export async function compileBundle(
  parts: BundleParts,
  name: EvaluatorName = 'compiled',
): Promise<CompiledBundle> {
  const schema = readSchema(parts.resolvedSchema);
  await turn();
  const rest = pacedTurns();
  const sources = new Map<string, EntitySource>(Object.entries(parts.entitySources));
  // Of the parts a bundle keeps this alone: the others are large.
  const { schemaText } = parts;
  const evaluator =
    name === 'cedar'
      ? await warmCedar(parts, schema)
      : await createEvaluatorInSteps(schema, parts.policies, rest);
  await turn();

  const limits = limitsByAction(parts.limits);
  const runs = runRules(schema, limits, parts.labels);
  const bundle: CompiledBundle = {
    ref: { name: parts.name, version: parts.version, digest: parts.digest },
    schema,
    actions: new Map(
      [...schema.actions].map(([key, action]) => [
        key,
        { ...factsOf(action), limits: limits.get(key) ?? [], run: runs.get(key) },
      ]),
    ),
    policies: await mapInSteps(parts.policies, ({ id }) => id, rest),
    entities: await readBundleEntities(schema, parts.entities, rest),
    sourceOf: (type) => sources.get(type) ?? 'bundle',
    readsStore: sources.values().some((source) => source === 'store'),
    recordAllow: parts.recordAllow,
    approvalRedact: parts.approvalRedact,
    asksApproval: parts.policies.some(({ approval }) => approval !== undefined),
    disclosure: parts.disclosure,
    limits: parts.limits,
    isStateful: limits.size > 0 || runs.size > 0,
    evaluator,
    async without(ids) {
      const policies = [...bundle.policies.values()].filter(({ id }) => !ids.has(id));
      const reduced =
        name === 'cedar'
          ? createCedarEvaluator(schemaText, schema, policies)
          : await createEvaluatorInSteps(schema, policies, rest);

      return {
        ...bundle,
        policies: await mapInSteps(policies, ({ id }) => id, rest),
        evaluator: reduced,
      };
    },
  };

  return bundle;
}

async function warmCedar(parts: BundleParts, schema: Schema): Promise<Evaluator> {
  const evaluator = createCedarEvaluator(parts.schemaText, schema, parts.policies);
  await turn();
  evaluator.warmUp();

  return evaluator;
}

function factsOf(action: ActionType): Omit<BundleAction, 'limits' | 'run'> {
  return {
    forCaller: { ...action, context: callerContext(action) },
    declared: factsRecord(action),
    facts: declaredFacts(action),
    limitFacts: declaredMembers(action, 'limits'),
  };
}

async function readBundleEntities(
  schema: Schema,
  text: string,
  rest: () => Promise<void>,
): Promise<ReadonlyMap<string, Entity>> {
  const raw = await inSteps(parseTrustedListInSteps(text), rest);
  const options = { maxEntities: Number.POSITIVE_INFINITY };
  const entities = await inSteps(readEntitiesInSteps(schema, raw, options), rest);

  return mapInSteps(entities, ({ uid }) => uid.key, rest);
}

async function mapInSteps<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  rest: () => Promise<void>,
): Promise<ReadonlyMap<string, Item>> {
  const byKey = new Map<string, Item>();
  await inSteps(
    eachInSteps(items, (item) => byKey.set(keyOf(item), item)),
    rest,
  );

  return byKey;
}

/** Time that steps may take before other work has its turn, in milliseconds. */
const TURN_MS = 4;

/** Lets others work once the time of a turn is used up. */
function pacedTurns(): () => Promise<void> {
  let since = performance.now();

  return async () => {
    if (performance.now() - since < TURN_MS) return;
    await turn();
    since = performance.now();
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
