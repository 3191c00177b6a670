import type { Attribute, CedarType, RecordType, Schema } from '../../../services/engine/schema/schema.ts';
import type { Random } from '../../engine/data/random.ts';
import { access, isIdentifier } from './cedar-syntax.ts';
import { type Want, wantOf } from './random-literal.ts';
import { cedar, type Tree } from './tree.ts';

/** What the author of a policy takes for granted; requests may see it otherwise. */
export interface Assumptions {
  readonly principal: string;
  readonly resource: string;
  readonly context: RecordType;
}

export interface Typed {
  readonly tree: Tree;
  readonly type: CedarType;
}

/** An attribute that the schema declares, and what has it. */
export interface Declared {
  readonly holder: Tree;
  readonly name: string;
  readonly type: CedarType;
}

/** Random ways from a variable over attributes that a schema declares. */
export class RandomPath {
  readonly #random: Random;
  readonly #schema: Schema;
  readonly #assumed: Assumptions;

  constructor(random: Random, schema: Schema, assumed: Assumptions) {
    this.#random = random;
    this.#schema = schema;
    this.#assumed = assumed;
  }

  /** To something of the wanted type; `undefined` where none is found. */
  to(want: Want): Typed | undefined {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      let reached: Typed | undefined = this.#variable();
      for (let steps = this.#random.below(4); steps > 0 && reached !== undefined; steps -= 1) {
        const next = this.#attribute(reached);
        reached = next && { tree: cedar`${next.holder}${access(this.#random, next.name)}`, type: next.type };
      }
      if (reached !== undefined && wantOf(reached.type) === want) return reached;
    }

    return undefined;
  }

  attribute(): Declared | undefined {
    const holder = this.#random.oneIn(2) ? this.#variable() : this.to('entity');

    return this.#attribute(holder ?? this.#variable());
  }

  /** `x has a.b.c` along attributes that are declared, as far as they are identifiers. */
  has(): Tree {
    const variable = this.#variable();
    const names: string[] = [];
    let next = this.#named(variable.type);
    while (next !== undefined && names.length < 4) {
      names.push(next.name);
      next = this.#named(next.type);
    }
    if (names.length === 0 || this.#random.oneIn(3)) {
      names.push(this.#random.pick(['a', 'b', '__proto__', 'constructor']));
    }

    return cedar`(${variable.tree} has ${names.join('.')})`;
  }

  /** An attribute whose name is an identifier, mostly one that leads on. */
  #named(type: CedarType): { readonly name: string; readonly type: CedarType } | undefined {
    const named = this.#attributesOf(type).filter(([name]) => isIdentifier(name));
    const deep = named.filter(([, attribute]) => this.#attributesOf(attribute.type).length > 0);
    if (named.length === 0) return undefined;
    const [name, attribute] = this.#random.pick(deep.length > 0 && !this.#random.oneIn(3) ? deep : named);

    return { name, type: attribute.type };
  }

  #variable(): Typed {
    return this.#random.pick<Typed>([
      { tree: cedar`principal`, type: { kind: 'entity', name: this.#assumed.principal } },
      { tree: cedar`resource`, type: { kind: 'entity', name: this.#assumed.resource } },
      { tree: cedar`action`, type: { kind: 'entity', name: 'Action' } },
      { tree: cedar`context`, type: this.#assumed.context },
      { tree: cedar`context`, type: this.#assumed.context },
    ]);
  }

  #attribute({ tree, type }: Typed): Declared | undefined {
    const attributes = this.#attributesOf(type);
    if (attributes.length === 0) return undefined;
    const [name, attribute] = this.#random.pick(attributes);

    return { holder: tree, name, type: attribute.type };
  }

  #attributesOf(type: CedarType): readonly (readonly [string, Attribute])[] {
    if (type.kind === 'record') return [...type.attributes];

    return type.kind === 'entity' ? [...(this.#schema.entityTypes.get(type.name)?.attributes ?? [])] : [];
  }
}
