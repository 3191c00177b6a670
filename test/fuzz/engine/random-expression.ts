import type { CedarType, Schema } from '../../../services/engine/schema/schema.ts';
import type { Random } from '../../engine/data/random.ts';
import { idsOf, TAG_NAMES, TEXTS } from '../../engine/data/random-data.ts';
import { NAMES, TYPES } from '../../engine/data/random-schema.ts';
import { access, isIdentifier, patternLiteral, textLiteral, uidLiteral } from './cedar-syntax.ts';
import { MISFITS } from './misfits.ts';
import { CONSTRUCTOR, randomLiteral, UNDECLARED_TYPES, WANTS, type Want, wantOf } from './random-literal.ts';
import { type Assumptions, type Declared, RandomPath } from './random-path.ts';
import { cedar, joined, type Tree } from './tree.ts';

const ORDERED = ['long', 'datetime', 'duration'] as const;

/** Random expressions over a schema. Most fit it; in some something is of another type, absent, or of another count. */
export class RandomExpression {
  readonly #random: Random;
  readonly #schema: Schema;
  readonly #assumed: Assumptions;
  readonly #paths: RandomPath;
  /** One expression in so many is of a type that does not fit; 0: none. */
  readonly #wrongOneIn: number;

  constructor(random: Random, schema: Schema, assumed: Assumptions, wrongOneIn: number) {
    this.#random = random;
    this.#schema = schema;
    this.#assumed = assumed;
    this.#paths = new RandomPath(random, schema, assumed);
    this.#wrongOneIn = wrongOneIn;
  }

  /** @param depth how many expressions may stand inside each other below this one. */
  of(want: Want, depth: number): Tree {
    if (this.#isWrong()) return this.#fitting(this.#random.pick(WANTS), depth);

    return this.#fitting(want, depth);
  }

  #fitting(want: Want, depth: number): Tree {
    if (depth <= 0)
      return this.#random.oneIn(2) ? this.#leaf(want) : (this.#paths.to(want)?.tree ?? this.#leaf(want));
    if (this.#random.oneIn(8)) return this.#anywhere(want, depth - 1);

    switch (want) {
      case 'bool':
        return this.#bool(depth - 1);
      case 'long':
        return this.#long(depth - 1);
      case 'set':
        return this.#set(depth - 1);
      case 'record':
        return this.#record(depth - 1);
      case 'datetime':
        return this.#random.pick([
          () => this.#leaf(want),
          () => this.#fitting(want, 0),
          () => cedar`${this.of('datetime', depth - 1)}.offset(${this.of('duration', depth - 1)})`,
          () => cedar`${this.of('datetime', depth - 1)}.toDate()`,
        ])();
      case 'duration':
        return this.#random.pick([
          () => this.#leaf(want),
          () => this.#fitting(want, 0),
          () => cedar`${this.of('datetime', depth - 1)}.durationSince(${this.of('datetime', depth - 1)})`,
          () => cedar`${this.of('datetime', depth - 1)}.toTime()`,
        ])();
      case 'ipaddr':
      case 'decimal':
        if (this.#random.oneIn(5)) return cedar`${CONSTRUCTOR[want]}(${this.of('string', depth - 1)})`;
        return this.#fitting(want, 0);
      default:
        return this.#fitting(want, 0);
    }
  }

  /** Forms that may be of any type. */
  #anywhere(want: Want, depth: number): Tree {
    return this.#random.pick([
      () => cedar`(if ${this.of('bool', depth)} then ${this.of(want, depth)} else ${this.of(want, depth)})`,
      () => {
        const name = this.#random.pick(NAMES);
        const others = this.#random.oneIn(2) ? cedar`` : this.#fields(depth - 1, name, ', ');
        return cedar`{${textLiteral(this.#random, name)}: ${this.of(want, depth)}${others}}${access(this.#random, name)}`;
      },
      () => cedar`${this.#tagged(depth)}.getTag(${this.#tagName(depth)})`,
      () => cedar`${this.#holder(depth)}${access(this.#random, this.#random.pick(NAMES))}`,
      () => this.#fitting(want, 0),
    ])();
  }

  #bool(depth: number): Tree {
    if (this.#wrongOneIn > 0 && this.#random.oneIn(12)) return this.#misfit(depth);

    return this.#random.pick([
      () => this.#logic(depth),
      () => this.#logic(depth),
      () => this.#comparison(depth),
      () => this.#comparison(depth),
      () => this.#order(depth),
      () => this.#order(depth),
      () => this.#hierarchy(depth),
      () => this.#below(),
      () => this.#presence(depth),
      () => this.#presence(depth),
      () => this.#guarded(depth),
      () => this.#guarded(depth),
      () => this.#like(depth),
      () => this.#membership(depth),
      () => this.#membership(depth),
      () => this.#extensionTest(depth),
      () => this.#extensionTest(depth),
      () => this.#paths.to('bool')?.tree ?? this.#leaf('bool'),
    ])();
  }

  #logic(depth: number): Tree {
    const operands = (): Tree[] =>
      Array.from({ length: 2 + this.#random.below(3) }, () => this.of('bool', depth));

    return this.#random.pick([
      () => cedar`!(${this.of('bool', depth)})`,
      () => cedar`(${joined(operands(), ' && ')})`,
      () => cedar`(${joined(operands(), ' || ')})`,
      () => cedar`(${this.of('bool', depth)} || (${this.of('bool', depth)} && ${this.of('bool', depth)}))`,
    ])();
  }

  #comparison(depth: number): Tree {
    const equality = this.#random.pick(['==', '!=']);
    const want = this.#random.pick(WANTS);
    const same = this.#paths.to(want)?.tree ?? this.of(want, depth);

    return this.#random.pick([
      () => this.#binary(equality, this.of(want, depth), this.of(want, depth)),
      () => this.#binary(equality, same, this.#random.oneIn(2) ? same : this.#leaf(want)),
      () => this.#binary(equality, this.of(this.#random.pick(WANTS), depth), this.of(want, depth)),
    ])();
  }

  #order(depth: number): Tree {
    const want = this.#random.pick(ORDERED);

    return this.#binary(
      this.#random.pick(['<', '<=', '>', '>=']),
      this.of(want, depth),
      this.of(want, depth),
    );
  }

  /** Operands of one type, or of two, that the operator need not take. */
  #misfit(depth: number): Tree {
    const want = this.#random.pick(WANTS);
    const operand = (): Tree => this.of(this.#random.oneIn(2) ? want : this.#random.pick(WANTS), depth - 1);

    return this.#random.pick(MISFITS)(operand);
  }

  #hierarchy(depth: number): Tree {
    const group = (): Tree =>
      this.#random.pick([
        () => this.of('entity', depth),
        () => this.of('entity', depth),
        () => this.#list('entity', depth),
        () => this.of('set', depth),
      ])();
    const type = this.#random.pick([
      ...TYPES,
      this.#assumed.principal,
      'Action',
      'N::Action',
      ...UNDECLARED_TYPES,
    ]);

    return this.#random.pick([
      () => this.#binary('in', this.of('entity', depth), group()),
      () => this.#binary('in', this.of('entity', depth), group()),
      () => cedar`(${this.of('entity', depth)} is ${type})`,
      () => cedar`(${this.of('entity', depth)} is ${type} in ${group()})`,
    ])();
  }

  /** Whether the principal or the resource is in something that can stand above it, or is itself. */
  #below(): Tree {
    const variable = this.#random.pick(['principal', 'resource'] as const);
    const type = this.#assumed[variable];
    const above = [...(this.#schema.entityTypes.get(type)?.ancestorTypes ?? []), type];
    const uid = (): Tree => {
      const group = this.#random.pick(above);

      return cedar`${uidLiteral(this.#random, group, this.#random.pick(idsOf(group)))}`;
    };
    const any = (): Tree => this.of(this.#wrongOneIn > 0 ? this.#random.pick(WANTS) : 'entity', 0);

    return this.#random.pick([
      () => cedar`(${variable} in ${uid()})`,
      () => cedar`(${variable} in [${uid()}, ${uid()}, ${uid()}])`,
      () => cedar`(${variable} is ${type} in ${uid()})`,
      () => cedar`(${variable} is ${type} in [${uid()}, ${any()}])`,
      () => cedar`(${variable} in ${variable})`,
      () => cedar`(${variable} in [${variable}, ${uid()}, ${any()}])`,
      () => cedar`(action in ${uidLiteral(this.#random, 'Action', this.#random.pick(idsOf('Action')))})`,
    ])();
  }

  #presence(depth: number): Tree {
    const names = this.#random.list(2, () => this.#random.pick(NAMES.filter(isIdentifier)));
    const path = ['a', ...names].slice(this.#random.below(2)).join('.') || 'b';
    const known = this.#paths.attribute();

    return this.#random.pick([
      () => cedar`(${this.#holder(depth)} has ${path})`,
      () => cedar`(${this.#holder(depth)} has ${textLiteral(this.#random, this.#random.pick(NAMES))})`,
      () => (known === undefined ? this.#leaf('bool') : this.#has(known)),
      () => this.#paths.has(),
      () => this.#paths.has(),
      () => cedar`({a: {b: ${this.of(this.#random.pick(WANTS), depth - 1)}}, "b": 1} has ${path})`,
      () => cedar`${this.#tagged(depth)}.hasTag(${this.#tagName(depth)})`,
    ])();
  }

  /** A test of presence, and behind it a use of what is then present. */
  #guarded(depth: number): Tree {
    const known = this.#paths.attribute();
    if (known === undefined || this.#random.oneIn(4)) {
      const [entity, name] = [this.#tagged(depth), this.#tagName(depth)];

      return cedar`(${entity}.hasTag(${name}) && ${this.#use(cedar`${entity}.getTag(${name})`, undefined, depth)})`;
    }
    const { holder, name, type } = known;

    return cedar`(${this.#has(known)} && ${this.#use(cedar`${holder}${access(this.#random, name)}`, type, depth)})`;
  }

  #use(tree: Tree, type: CedarType | undefined, depth: number): Tree {
    const want = type === undefined ? this.#random.pick(WANTS) : wantOf(type);
    if (want === 'long')
      return this.#binary(this.#random.pick(['<', '>=', '==']), tree, this.of(want, depth));
    if (want === 'string' && this.#random.oneIn(2)) return this.#likeOf(tree);

    return this.#random.oneIn(2)
      ? cedar`(${tree} == ${this.of(want, depth)})`
      : cedar`([${tree}, 1].contains(${this.of(want, depth)}))`;
  }

  #like(depth: number): Tree {
    return this.#likeOf(this.of('string', depth));
  }

  #likeOf(text: Tree): Tree {
    return cedar`(${text} like ${patternLiteral(this.#random, this.#random.pick(TEXTS))})`;
  }

  #membership(depth: number): Tree {
    const set = this.#paths.to('set');
    const element = set?.type.kind === 'set' ? wantOf(set.type.element) : this.#random.pick(WANTS);
    const sets = (): Tree => set?.tree ?? this.#list(element, depth);
    const misfit = this.#wrongOneIn > 0 && this.#random.oneIn(6);
    const other = (): Tree =>
      misfit ? this.of(this.#random.pick(WANTS), depth) : this.#list(element, depth);

    return this.#random.pick([
      () => cedar`${sets()}.contains(${this.of(element, depth)})`,
      () => cedar`${this.#list(element, depth)}.contains(${this.of(element, depth)})`,
      () => cedar`${sets()}.containsAll(${other()})`,
      () => cedar`${this.#list(element, depth)}.containsAll(${other()})`,
      () => cedar`${sets()}.containsAny(${other()})`,
      () => cedar`${this.of('set', depth)}.isEmpty()`,
    ])();
  }

  #extensionTest(depth: number): Tree {
    const surplus = this.#random.oneIn(30) ? cedar`${this.of('ipaddr', 0)}, ` : cedar``;
    const test = this.#random.pick(['isIpv4', 'isIpv6', 'isLoopback', 'isMulticast']);
    const order = this.#random.pick(['lessThan', 'lessThanOrEqual', 'greaterThan', 'greaterThanOrEqual']);
    const fn = this.#random.pick(['ip', 'decimal', 'datetime', 'duration']);

    return this.#random.pick([
      () => cedar`${this.of('ipaddr', depth)}.${test}(${this.#random.oneIn(40) ? '1' : ''})`,
      () => cedar`${this.of('ipaddr', depth)}.isInRange(${surplus}${this.of('ipaddr', depth)})`,
      () => cedar`${this.of('decimal', depth)}.${order}(${surplus}${this.of('decimal', depth)})`,
      () =>
        cedar`(${fn}(${this.#random.pick(['', '"1.0", "1.0"', 'true', '"1.0"', '"1h"'])}) == ${this.#leaf('decimal')})`,
    ])();
  }

  #long(depth: number): Tree {
    const unit = this.#random.pick(['Milliseconds', 'Seconds', 'Minutes', 'Hours', 'Days']);

    return this.#random.pick([
      () => this.#binary(this.#random.pick(['+', '-', '*']), this.of('long', depth), this.of('long', depth)),
      () => this.#binary(this.#random.pick(['+', '-', '*']), this.of('long', depth), this.of('long', depth)),
      () => cedar`-(${this.of('long', depth)})`,
      () => cedar`${this.of('duration', depth)}.to${unit}(${this.#random.oneIn(40) ? '1' : ''})`,
      () => this.#fitting('long', 0),
    ])();
  }

  #set(depth: number): Tree {
    return this.#random.oneIn(3) ? this.#fitting('set', 0) : this.#list(this.#random.pick(WANTS), depth);
  }

  #list(want: Want, depth: number): Tree {
    const length = this.#random.oneIn(30) ? 12 : this.#random.below(4);

    return cedar`[${joined(
      Array.from({ length }, () => this.of(want, depth - 1)),
      ', ',
    )}]`;
  }

  #record(depth: number): Tree {
    return this.#random.oneIn(3)
      ? this.#fitting('record', 0)
      : cedar`{${this.#fields(depth, undefined, '')}}`;
  }

  #fields(depth: number, without: string | undefined, first: string): Tree {
    const names = this.#random
      .shuffle(NAMES.filter((name) => name !== without))
      .slice(0, this.#random.below(3));
    const fields = names.map(
      (name) => cedar`${textLiteral(this.#random, name)}: ${this.of(this.#random.pick(WANTS), depth - 1)}`,
    );

    return fields.length === 0 ? cedar`` : cedar`${first}${joined(fields, ', ')}`;
  }

  #tagName(depth: number): Tree {
    return this.#random.oneIn(6)
      ? this.of(this.#wrongOneIn > 0 && this.#random.oneIn(3) ? this.#random.pick(WANTS) : 'string', depth)
      : cedar`${textLiteral(this.#random, this.#random.pick(TAG_NAMES))}`;
  }

  #tagged(depth: number): Tree {
    return this.#random.oneIn(3)
      ? this.of('entity', depth)
      : cedar`${this.#random.pick(['principal', 'resource'])}`;
  }

  #holder(depth: number): Tree {
    return this.of(this.#random.oneIn(2) ? 'entity' : 'record', depth);
  }

  #binary(operator: string, left: Tree, right: Tree): Tree {
    return cedar`(${left} ${operator} ${right})`;
  }

  #leaf(want: Want): Tree {
    return randomLiteral(this.#random, want, this.#isWrong());
  }

  #has({ holder, name }: Declared): Tree {
    return cedar`(${holder} has ${isIdentifier(name) && this.#random.oneIn(2) ? name : textLiteral(this.#random, name)})`;
  }

  #isWrong(): boolean {
    return this.#wrongOneIn > 0 && this.#random.oneIn(this.#wrongOneIn);
  }
}
