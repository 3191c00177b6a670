import { EXTENSION_FUNCTIONS } from '../extension/call.ts';
import { longOf } from '../value/long.ts';
import { CedarRecord, CedarSet, EntityUid, type Value } from '../value/value.ts';
import { createPattern, Pattern } from './pattern.ts';
import { type Est, entityLiteral, type Literal } from './shape.ts';

/** A literal as evaluation takes it. `undefined` is a constructor whose text Cedar refuses: it fails where it is reached. */
export type Constant = Value | Pattern | undefined;

/** The literals of many policies, next to each other. */
export interface ConstantPool {
  readonly constants: readonly Constant[];
  /** @returns where those of this policy begin. @throws Error as `constantsOf`. */
  add(literals: readonly Literal[]): number;
}

/** Literals that are equal objects are one, whichever policies they stand in. */
export function createConstantPool(): ConstantPool {
  const constants: Constant[] = [];
  const known = new Map<string, Constant>();

  return {
    constants,

    add(literals) {
      const start = constants.length;
      for (const constant of constantsOf(literals)) constants.push(shared(constant));

      return start;
    },
  };

  /** What is no object is as small as the place that says where it is. */
  function shared(constant: Constant): Constant {
    if (typeof constant !== 'object') return constant;
    const key = constant instanceof Pattern ? `like ${constant.key}` : constant.key;
    const before = known.get(key);
    if (before === undefined) known.set(key, constant);

    return before ?? constant;
  }
}

/**
 * Makes the literals of a policy, once.
 * @throws Error on a form that Cedar 4.13 does not give for a policy that it parsed.
 */
export function constantsOf(literals: readonly Literal[]): readonly Constant[] {
  return literals.map((literal) => {
    if (literal.kind === 'value') return literalValue(literal.json);
    if (literal.kind === 'pattern') return createPattern(literal.parts);

    return EXTENSION_FUNCTIONS.get(literal.fn)?.call([literal.text]);
  });
}

/** What parsed Cedar text holds as a value is a literal or an entity; sets and records are expressions. */
function literalValue(json: unknown): Value {
  if (typeof json === 'boolean' || typeof json === 'bigint' || typeof json === 'string') return json;
  if (typeof json === 'number' && Number.isSafeInteger(json)) return longOf(json);
  const uid = entityLiteral(json);
  if (uid !== undefined) return new EntityUid(uid.type, uid.id);
  if (Array.isArray(json)) return new CedarSet(json.map(literalValue));
  if (typeof json === 'object' && json !== null && !Object.hasOwn(json, '__extn')) {
    return new CedarRecord(
      new Map(Object.entries(json as Est).map(([name, value]) => [name, literalValue(value)])),
    );
  }

  throw new Error(`a literal of unknown form: ${String(json)}`);
}
