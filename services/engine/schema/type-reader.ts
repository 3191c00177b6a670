import { PdpError } from '../error.ts';
import { membersIn, textIn } from './json-shape.ts';
import { qualifiedName } from './qualified-name.ts';
import type { Attribute, CedarType } from './schema.ts';

/**
 * Types inside each other, through common types too. No value is that deep (`json_depth`), and Cedar refuses the cycles that
 * would be endless.
 */
const MAX_NESTING = 128;

const BUILTINS: ReadonlyMap<string, CedarType> = new Map<string, CedarType>([
  ['Bool', { kind: 'bool' }],
  ['Boolean', { kind: 'bool' }],
  ['Long', { kind: 'long' }],
  ['String', { kind: 'string' }],
  ['ipaddr', { kind: 'extension', name: 'ipaddr' }],
  ['decimal', { kind: 'extension', name: 'decimal' }],
  ['datetime', { kind: 'extension', name: 'datetime' }],
  ['duration', { kind: 'extension', name: 'duration' }],
]);

/** Reads type nodes of a schema whose names Cedar has resolved. */
export class TypeReader {
  readonly #commonNodes: ReadonlyMap<string, unknown>;
  /** Each common type is expanded once and shared, or a few lines of schema would expand to gigabytes. */
  readonly #commonTypes = new Map<string, CedarType>();
  #nesting = 0;

  constructor(namespaces: ReadonlyMap<string, unknown>) {
    const nodes = new Map<string, unknown>();
    for (const [namespace, node] of namespaces) {
      for (const [name, type] of membersIn(membersIn(node).get('commonTypes')))
        nodes.set(qualifiedName(namespace, name), type);
    }
    this.#commonNodes = nodes;
  }

  /** @throws PdpError `invalid_request` for a type nested too deep, `internal` where the node is no resolved type. */
  read(node: unknown): CedarType {
    if (this.#nesting === MAX_NESTING)
      throw new PdpError('invalid_request', `types are nested over ${MAX_NESTING} deep`);
    this.#nesting += 1;
    const type = this.#readNode(membersIn(node));
    this.#nesting -= 1;

    return type;
  }

  #readNode(members: ReadonlyMap<string, unknown>): CedarType {
    const name = textIn(members.get('type'));
    if (name === 'Set') return { kind: 'set', element: this.read(members.get('element') ?? null) };
    if (name === 'Record')
      return { kind: 'record', attributes: this.#readAttributes(members.get('attributes')) };
    if (name === 'Entity') return { kind: 'entity', name: textIn(members.get('name')) };

    return this.#readNamed(name);
  }

  #readAttributes(node: unknown): ReadonlyMap<string, Attribute> {
    const attributes = new Map<string, Attribute>();
    for (const [name, attribute] of membersIn(node)) {
      const required = membersIn(attribute).get('required') !== false;
      attributes.set(name, { type: this.read(attribute), required });
    }

    return attributes;
  }

  /** A common type wins over a builtin of its name, which then is only to be had as `__cedar::…`. */
  #readNamed(name: string): CedarType {
    const known = this.#commonTypes.get(name);
    if (known !== undefined) return known;

    const common = this.#commonNodes.get(name);
    const type = common === undefined ? BUILTINS.get(name.replace(/^__cedar::/, '')) : this.read(common);
    if (type === undefined)
      throw new PdpError('internal', 'the resolved schema names a type that it does not have');
    if (common !== undefined) this.#commonTypes.set(name, type);

    return type;
  }
}
