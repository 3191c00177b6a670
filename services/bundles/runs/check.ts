import { declaredMembers, FACTS_ATTRIBUTE } from '../../engine/facts/assert.ts';
import type { ActionType, Attribute, CedarType, Schema } from '../../engine/schema/schema.ts';
import { uidKey } from '../../engine/value/value.ts';
import type { LocatedManifest } from '../manifest.ts';
import type { Problems } from '../problems.ts';
import { parseUidText } from '../uid-text.ts';
import type { YamlPath } from '../yaml.ts';
import { latticeProblem } from './lattice.ts';

/** Checks what a bundle says of runs against its schema: what an action reads must not be able to come without its labels. */
export function checkRuns(located: LocatedManifest, schema: Schema, problems: Problems): void {
  checkLabels(located, schema, problems);
  checkCounts(located, schema, problems);
}

type Refuse = (message: string, ...path: YamlPath) => void;

function checkLabels(
  { manifest: { labels }, source, spanOf }: LocatedManifest,
  schema: Schema,
  problems: Problems,
): void {
  if (labels === undefined) return;
  const refuse: Refuse = (message, ...path) => {
    problems.at(source, spanOf(['labels', ...path]), 'label_invalid', message);
  };

  const problem = labels.lattice === undefined ? undefined : latticeProblem(labels.lattice);
  if (problem !== undefined) refuse(`the lattice: ${problem}`, 'lattice');

  const found = new Set<ActionType>();
  for (const [text, paths] of Object.entries(labels.takes)) {
    const uid = parseUidText(text);
    const action = uid && schema.actions.get(uidKey(uid.type, uid.id));
    if (action === undefined) refuse(`${text} is no action of the schema`, 'takes', text);
    else if (action.principalTypes.size === 0) refuse(`${text} is a group: name its actions`, 'takes', text);
    else if (found.has(action)) refuse(`names ${text} twice`, 'takes', text);
    else
      for (const [at, path] of paths.entries())
        checkPath(path, action, schema, (why) => refuse(why, 'takes', text, at));
    if (action !== undefined) found.add(action);
  }
}

function checkPath(path: string, action: ActionType, schema: Schema, refuse: Refuse): void {
  const [from, ...names] = path.split('.');
  if (from === 'context') {
    const problem =
      names[0] === FACTS_ATTRIBUTE ? 'is what the server asserts' : labelsProblem(action.context, names);
    if (problem !== undefined) refuse(`${path} of ${action.uid.key} ${problem}`);
    return;
  }

  for (const type of from === 'principal' ? action.principalTypes : action.resourceTypes) {
    const attributes = schema.entityTypes.get(type)?.attributes ?? new Map();
    const problem = labelsProblem({ kind: 'record', attributes }, names);
    if (problem !== undefined) refuse(`${path}, of ${type} at ${action.uid.key}, ${problem}`);
  }
}

function labelsProblem(record: CedarType, names: readonly string[]): string | undefined {
  let type: CedarType | undefined = record;
  for (const name of names) {
    const attribute: Attribute | undefined = type?.kind === 'record' ? type.attributes.get(name) : undefined;
    if (attribute === undefined) return 'is not in the schema';
    if (!attribute.required) return 'is optional: what is read without it would leave no label';
    type = attribute.type;
  }
  const one = type?.kind === 'set' ? type.element : type;

  return one?.kind === 'string' ? undefined : 'must be a String or a Set<String>';
}

/** A count is found by the id of an action alone, as Cedar names members. */
function checkCounts({ source, spanOf }: LocatedManifest, schema: Schema, problems: Problems): void {
  const ids = [...schema.actions.values()]
    .filter(({ principalTypes }) => principalTypes.size > 0)
    .map(({ uid }) => uid.id);
  for (const action of schema.actions.values()) {
    for (const name of declaredMembers(action, 'run', 'actions')) {
      const namesakes = ids.filter((id) => id === name).length;
      if (namesakes === 1) continue;
      const why = namesakes === 0 ? 'no action has that id' : 'several actions have that id';
      const message = `${action.uid.key} declares ${FACTS_ATTRIBUTE}.run.actions.${name}, and ${why}`;
      problems.at(source, spanOf(['name']), 'fact_invalid', message);
    }
  }
}
