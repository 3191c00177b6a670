import { bundleFiles, type Workload } from '../question.ts';

/** An entity with those above it at hand, so that plain code can answer without Cedar. */
export interface Thing {
  readonly type: string;
  readonly id: string;
  readonly attrs: Readonly<Record<string, Thing | boolean>>;
  readonly parents: readonly Thing[];
}

/** What one request asks. */
export interface Asked<Resource extends Thing = Thing> {
  readonly principal: Thing;
  readonly action: string;
  readonly resource: Resource;
}

/** A small world whose entities are all the bundle's own. */
export interface World {
  readonly name: string;
  readonly schema: string;
  readonly policies: string;
  /** Links of templates, as links.json has them. */
  readonly links?: readonly object[];
  readonly things: readonly Thing[];
  /** Everything that can be asked, each with its answer. */
  readonly questions: readonly (Asked & { readonly allowed: boolean })[];
}

/** Prime to the numbers of questions, so that neighbours have little in common and none comes twice. */
const STRIDE = 101;

/** @throws RangeError where the world has no question. */
export function paperWorkload({ name, schema, policies, links, things, questions }: World): Workload {
  return {
    files: bundleFiles({
      'bundle.yaml': `format_version: 1
name: ${name}
version: 1.0.0
description: A workload shaped as in the Cedar paper
owners: [bench]
entity_sources: { User: bundle }
`,
      'schema.cedarschema': schema,
      'policies.cedar': policies,
      ...(links === undefined ? {} : { 'links.json': JSON.stringify(links) }),
      'entities.json': JSON.stringify(things.map(jsonOf)),
    }),

    question(index) {
      const asked = questions[(index * STRIDE) % questions.length];
      if (asked === undefined) throw new RangeError(`${name} has no questions`);
      const { principal, action, resource, allowed } = asked;

      return {
        principal: uidOf(principal),
        action: { type: 'Action', id: action },
        resource: uidOf(resource),
        context: '{}',
        entities: '[]',
        want: allowed ? 'allow' : 'deny',
      };
    },
  };
}

/** Whether one is the other or anywhere below it. */
export function isWithin(thing: Thing, above: Thing): boolean {
  return thing === above || thing.parents.some((parent) => isWithin(parent, above));
}

/** What is made for each index from 0. */
export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

export function uidOf({ type, id }: Thing): { readonly type: string; readonly id: string } {
  return { type, id };
}

function jsonOf({ type, id, attrs, parents }: Thing): object {
  return {
    uid: { type, id },
    attrs: Object.fromEntries(
      Object.entries(attrs).map(([name, value]) => [name, typeof value === 'boolean' ? value : uidOf(value)]),
    ),
    parents: parents.map(uidOf),
  };
}
