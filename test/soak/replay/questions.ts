import type { AuthorizeRequest } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizeRequest.ts';
import type { Random } from '../../chaos/random.ts';

const LABELS = ['plain', 'a secret', 'ünïcode 🦊', 'x'.repeat(300), 'quotes " and \\', ''];
const SIZES = ['7', '250', '33333', '33334', '9223372036854775807', '-9223372036854775808'];
const FOLDERS = [
  { uid: { type: 'Folder', id: 'root' }, attrs: {}, parents: [] },
  { uid: { type: 'Folder', id: 'attic' }, attrs: {}, parents: [] },
  { uid: { type: 'Folder', id: 'shelf' }, attrs: {}, parents: [{ type: 'Folder', id: 'root' }] },
];
/** Calls that end in an error: the schema has no such action, or the context does not fit it. */
const WRONG_EVERY = 400;
const RUNS = 500;

/** Whether the call of this number can be decided at all. */
export function isDecidable(at: number): boolean {
  return at % WRONG_EVERY !== WRONG_EVERY - 1;
}

/** A question about entities and a context of its own, which the bundles of the line answer in every way there is. */
export function questionAt(at: number, random: Random): AuthorizeRequest {
  const level = (): number => whole(random, 5);
  const agent = `agent-${whole(random, 40)}`;
  const owner = oneOf(random, [agent, 'chief', `agent-${whole(random, 40)}`]);
  const doc = `doc-${whole(random, 2_000)}`;
  const action = isDecidable(at) ? oneOf(random, ['read', 'read', 'write', 'pay']) : 'burn';
  const entities = [
    {
      uid: { type: 'Agent', id: agent },
      attrs: {
        level: level(),
        skills: ['sql', 'go', 'law'].slice(0, whole(random, 4)),
        ...maybe(random, { manager: { __entity: { type: 'Agent', id: 'chief' } } }),
      },
      parents: [{ type: 'Team', id: oneOf(random, ['red', 'blue']) }],
    },
    {
      uid: { type: 'Doc', id: doc },
      attrs: {
        owner: { __entity: { type: 'Agent', id: owner } },
        level: level(),
        ...maybe(random, { labels: oneOf(random, [[], ['secret'], ['new', 'old', 'new']]) }),
      },
      parents: [{ type: 'Folder', id: oneOf(random, ['root', 'shelf', 'attic']) }],
      tags: oneOf(random, [{}, { state: 'draft' }, { state: 'final', place: 'x' }]),
    },
    ...FOLDERS,
  ];

  return {
    principal: { type: 'Agent', id: agent },
    action: { type: 'Action', id: action },
    resource: { type: 'Doc', id: doc },
    context_json: `{"input":${inputText(random)}}`,
    entities_json: JSON.stringify(entities),
    request_id: `replay-${at}`,
    run: { run_id: `run-${whole(random, RUNS)}`, step: at % 100 },
  };
}

/** As text: its integers go beyond what JavaScript holds exactly. */
function inputText(random: Random): string {
  const members = [
    `"label":${JSON.stringify(oneOf(random, LABELS))}`,
    `"size":${oneOf(random, SIZES)}`,
    ...(whole(random, 2) === 0 ? [`"times":${whole(random, 4)}`] : []),
    ...(whole(random, 3) === 0
      ? [`"price":{"__extn":{"fn":"decimal","arg":"${whole(random, 200)}.50"}}`]
      : []),
    ...(whole(random, 3) === 0
      ? []
      : [`"from":{"__extn":{"fn":"ip","arg":"${10 + whole(random, 2)}.1.2.3"}}`]),
  ];

  return `{${members.join()}}`;
}

function maybe<T extends object>(random: Random, members: T): T | object {
  return whole(random, 2) === 0 ? members : {};
}

function oneOf<T>(random: Random, choices: readonly [T, ...T[]] | readonly T[]): T {
  return choices[whole(random, choices.length)] as T;
}

/** From 0 up, below `below`. */
function whole(random: Random, below: number): number {
  return Math.floor(random.between(0, below));
}
