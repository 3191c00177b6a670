import { LIMITS } from '../../services/engine/limits.ts';

/** Files of a bundle, by path. */
export type BundleText = Readonly<Record<string, string>>;

/** A family of requests that grow with `size`; the largest one that the server decides is measured. */
export interface WorstCase {
  readonly name: string;
  readonly bundle: BundleText;
  /** The context, as Cedar JSON. */
  readonly context: (size: number) => string;
  /** The request's entities, as Cedar JSON; the principal is `P::"0"`. */
  readonly entities?: (size: number) => string;
  readonly resource?: { readonly type: string; readonly id: string };
  /** How far `size` may grow. @defaultValue what fits in a body */
  readonly most?: number;
  /** Sent as typed protobuf values over gRPC instead of JSON over REST. */
  readonly typed?: boolean;
}

const SCHEMA = `
entity G in [G];
entity P in [G] { refs?: Set<P>, texts?: Set<String>, note?: String } tags String;
entity B in [B] { refs?: Set<B>, texts?: Set<String>, note?: String };
entity R;
type Pair = { a?: Bool, b?: Long };
action act appliesTo { principal: P, resource: [R, B], context: {
  bools?: Set<Set<Bool>>, longs?: Set<Set<Long>>, texts?: Set<Set<String>>, pairs?: Set<Set<Pair>>, refs?: Set<Set<P>>,
  decimals?: Set<Set<decimal>>, ips?: Set<Set<ipaddr>>, times?: Set<Set<datetime>>, lengths?: Set<Set<duration>>,
  flat?: Set<String>, other?: Set<String>, text?: String, more?: String, last?: String, bundle?: Set<B>
} };`;

const OPEN = '@id("open") permit (principal, action == Action::"act", resource);';
const TEMPLATE =
  '@id("linked") permit (principal in ?principal, action == Action::"act", resource == ?resource) when { context has text && context.text == "y" };';
const NO_ENTITIES = '[{"uid":{"type":"P","id":"0"},"attrs":{},"parents":[]}]';
const SET = 1_000;

const ALMOST = (index: number): string =>
  `context has text && context.text like "*${'a'.repeat(60)}${index}"`;

export const WORST_CASES: readonly WorstCase[] = [
  data('bools', () => 'true'),
  data('longs', String),
  data('texts', (index) => `"${index}"`),
  data('pairs', (index) => `{"a":true,"b":${index}}`),
  data('refs', (index) => `{"type":"P","id":"${index}"}`),
  data('decimals', (index) => `"${index}.5"`),
  data('ips', (index) => `"10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}"`),
  data('times', (index) => `"${2000 + (index % 1000)}-01-01T00:00:0${index % 10}Z"`),
  data('lengths', (index) => `"${index}h"`),
  { ...data('lengths', () => '"1h"'), name: 'the same length again and again' },
  { ...data('decimals', () => '"1.5"'), name: 'the same decimal again and again' },
  { ...data('longs', String), name: 'longs, typed', typed: true },
  { ...data('refs', (index) => `{"type":"P","id":"${index}"}`), name: 'refs, typed', typed: true },
  strings('plain strings', 'a'),
  strings('strings of escapes', '\\n'),
  strings('strings of long escapes', '\\u0001'),
  strings('strings of é', 'é'),
  strings('strings of 💥', '💥'),
  { ...strings('line ends, typed', '\\n'), typed: true },
  {
    name: 'entities with tags',
    bundle: bundle({}),
    context: () => '{}',
    entities: (size) => `[${list(100, (index) => entity(index, share(size, index), 'tags'))}]`,
  },
  {
    name: 'entities with references',
    bundle: bundle({}),
    context: () => '{}',
    entities: (size) => `[${list(100, (index) => entity(index, share(size, index), 'refs'))}]`,
  },
  {
    name: 'entities with parents',
    bundle: bundle({}),
    context: () => '{}',
    entities: (size) =>
      `[${list(100, (index) => entity(index, Math.min(100, share(size, index)), 'parents'))}]`,
  },
  {
    name: 'groups in layers, each below all above',
    bundle: bundle({}),
    context: () => '{}',
    most: 32,
    entities: (size) => layers(size),
  },
  {
    name: 'groups in layers, each in the layer above',
    bundle: bundle({}),
    context: () => '{}',
    most: 32,
    entities: (size) => layers(size, 3),
  },
  {
    name: 'links of one template',
    bundle: { ...bundle({ policies: TEMPLATE }), 'links.json': links() },
    context: () => '{"text":"x"}',
    most: 1,
  },
  {
    name: 'reached entities of the bundle',
    bundle: bundle({ entities: `[${list(LIMITS.reached_entities, (index) => reached(index, 1))}]` }),
    context: (size) => `{"bundle":[${list(size, (index) => `{"type":"B","id":"${index}"}`)}]}`,
    most: LIMITS.reached_entities - 1,
  },
  {
    name: 'reached entities of the bundle with much in them',
    bundle: bundle({ entities: `[${list(LIMITS.reached_entities, (index) => reached(index, 40))}]` }),
    context: (size) => `{"bundle":[${list(size, (index) => `{"type":"B","id":"${index}"}`)}]}`,
    most: LIMITS.reached_entities - 1,
  },
  slice('a slice of small policies', (index) => `context has text && context.text == "${index}"`),
  slice('a slice of long chains', chain(100)),
  slice(
    'a slice of sets',
    (index) => `context has text && [${list(200, (at) => `"${index}x${at}"`)}].contains(context.text)`,
  ),
  {
    ...slice('patterns that almost match', ALMOST),
    context: (size) => `{"text":"${'a'.repeat(size)}"}`,
    most: LIMITS.string_bytes,
  },
  {
    ...slice(
      'sets in sets',
      () => 'context has flat && context has other && context.flat.containsAll(context.other)',
    ),
    context: (size) =>
      `{"flat":[${list(size, (index) => `"${index}"`)}],"other":[${list(size, (index) => `"${index}"`)}]}`,
    most: SET,
  },
  {
    name: 'the largest schema',
    bundle: bundle({ schema: padded(LIMITS.schema_bytes) }),
    context: () => '{}',
    most: 1,
  },
  {
    name: 'everything at once',
    bundle: bundle({ schema: padded(LIMITS.schema_bytes), policies: slicePolicies(ALMOST) }),
    context: (size) => {
      const texts = list(Math.min(SET, size), (index) => `"${index}"`);
      const again = list(9, () => `[${list(SET, () => '"x"')}]`);

      return `{"text":"${'a'.repeat(300)}","texts":[[${texts}],${again}]}`;
    },
    entities: (size) => `[${list(100, (index) => entity(index, share(size, index), 'refs'))}]`,
  },
];

function data(name: string, element: (index: number) => string): WorstCase {
  return {
    name: `context of ${name}`,
    bundle: bundle({}),
    context: (size) => {
      const sets: string[] = [];
      for (let start = 0; start < size; start += SET)
        sets.push(`[${list(Math.min(SET, size - start), (index) => element(start + index))}]`);

      return `{"${name}":[${sets.join()}]}`;
    },
  };
}

function strings(name: string, character: string): WorstCase {
  return {
    name,
    bundle: bundle({}),
    context: (size) => {
      const part = (index: number): string => {
        const most = Math.floor(
          LIMITS.string_bytes / Buffer.byteLength(JSON.parse(`"${character}"`) as string),
        );

        return character.repeat(Math.max(0, Math.min(most, size - index * most)));
      };

      return `{"text":"${part(0)}","more":"${part(1)}","last":"${part(2)}"}`;
    },
  };
}

function slice(name: string, condition: (index: number) => string): WorstCase {
  return {
    name,
    bundle: bundle({ policies: slicePolicies(condition) }),
    context: () => '{"text":"x"}',
    most: 1,
  };
}

/** As many policies as one request may select. */
function slicePolicies(condition: (index: number) => string): string {
  const policies: string[] = [];
  let bytes = 0;
  while (policies.length < LIMITS.slice_policies) {
    const index = policies.length;
    const text = `@id("p${index}") permit (principal, action == Action::"act", resource) when { ${condition(index)} };`;
    bytes += text.length;
    if (bytes > LIMITS.slice_bytes) break;
    policies.push(text);
  }

  return policies.join('\n');
}

function links(): string {
  const links = list(LIMITS.slice_policies, (index) => {
    const values = '{"?principal":{"type":"P","id":"0"},"?resource":{"type":"R","id":"r"}}';

    return `{"template_id":"linked","id":"l${index}","values":${values}}`;
  });

  return `[${links}]`;
}

function chain(terms: number): (index: number) => string {
  return (index) =>
    `context has text && (${Array.from({ length: terms }, (_, at) => `context.text == "${index}x${at}"`).join(' || ')})`;
}

function entity(index: number, size: number, what: 'tags' | 'refs' | 'parents'): string {
  const tags = what === 'tags' ? list(size, (at) => `"t${at}":"x"`) : '';
  const refs = what === 'refs' ? `"refs":[${list(size, (at) => `{"type":"P","id":"${at}"}`)}]` : '';
  const parents = what === 'parents' ? list(size, (at) => `{"type":"G","id":"${at}"}`) : '';

  return `{"uid":{"type":"P","id":"${index}"},"attrs":{${refs}},"parents":[${parents}],"tags":{${tags}}}`;
}

function share(size: number, index: number): number {
  return Math.floor(size / 100) + (index < size % 100 ? 1 : 0);
}

function layers(depth: number, width = Number.POSITIVE_INFINITY): string {
  const groups = list(Math.min(99, depth * 3), (index) => {
    const above = Math.floor(index / 3) * 3;

    const parents = list(Math.min(above, width), (at) => `{"type":"G","id":"${above - 1 - at}"}`);

    return `{"uid":{"type":"G","id":"${index}"},"attrs":{},"parents":[${parents}]}`;
  });

  const last = Math.min(98, depth * 3 - 1);

  return `[{"uid":{"type":"P","id":"0"},"attrs":{},"parents":[{"type":"G","id":"${last}"}]},${groups}]`;
}

function reached(index: number, values: number): string {
  return `{"uid":{"type":"B","id":"${index}"},"attrs":{"texts":[${list(values, (at) => `"${at}"`)}]},"parents":[]}`;
}

/** The schema with so many actions that it is as long as it may be. */
function padded(bytes: number): string {
  const actions: string[] = [];
  let length = Buffer.byteLength(SCHEMA);
  for (let index = 0; ; index += 1) {
    const text = `\naction "a${index}" appliesTo { principal: P, resource: R, context: { a: Long, b?: { c: Set<String> } } };`;
    length += text.length;
    if (length > bytes) break;
    actions.push(text);
  }

  return SCHEMA + actions.join('');
}

function bundle({ schema = SCHEMA, policies = OPEN, entities = '[]' }): BundleText {
  return {
    'bundle.yaml': `format_version: 1
name: worst
version: 1.0.0
description: As much as the limits admit
owners: [palisade]
entity_sources: { P: request, G: request, B: bundle, R: bundle }
`,
    'schema.cedarschema': schema,
    'policies.cedar': policies,
    'entities.json': entities,
  };
}

function list(count: number, make: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => make(index)).join();
}

export function entitiesOf(worst: WorstCase, size: number): string {
  return worst.entities?.(size) ?? NO_ENTITIES;
}
