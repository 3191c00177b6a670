/** One small fault: what stands in a file exactly once, and what is put there instead. */
export interface Mutant {
  /** Below `services/engine`. */
  readonly file: string;
  readonly what: string;
  readonly find: string;
  readonly replace: string;
}

/** Faults that the tests of the compiled evaluator must notice. None leaves its behaviour as it is. */
export const MUTANTS: readonly Mutant[] = [
  ...inFile('compiled/arithmetic.ts', [
    ['a sum leaves 64 bits', 'exact(a + b)', 'a + b'],
    ['a difference leaves 64 bits', 'exact(a - b)', 'a - b'],
    ['a product leaves 64 bits', 'exact(a * b)', 'a * b'],
    ['a negation leaves 64 bits', 'exact(-value)', '-value'],
    ['a difference is turned round', 'exact(a - b)', 'exact(b - a)'],
    ['a Long has 63 bits', 'LONG_BITS = 64', 'LONG_BITS = 63'],
    ['a Long has 65 bits', 'LONG_BITS = 64', 'LONG_BITS = 65'],
    ['a Long is less than itself', 'return a < b;', 'return a <= b;'],
    ['a Long is not at most itself', 'return a <= b;', 'return a < b;'],
    ['a time is less than itself', 'order[0] < order[1]', 'order[0] <= order[1]'],
    ['a time is not at most itself', 'order[0] <= order[1]', 'order[0] < order[1]'],
    ['durations have no order', 'if (a instanceof Duration && b instanceof Duration)', 'if (false)'],
    [
      'a datetime and a duration have an order',
      'return [a.epochMs, b.epochMs];',
      'return [a.epochMs, b.epochMs];\n  if (a instanceof Datetime && b instanceof Duration) return [a.epochMs, b.milliseconds];',
    ],
    ['adding what is no Long gives false', "fail('+ takes two Longs')", 'false'],
    [
      'comparing what has no order gives false',
      'order === undefined ? fail(NO_ORDER) : order[0] < ',
      'order === undefined ? false : order[0] < ',
    ],
  ]),
  ...inFile('compiled/logic.ts', [
    ['negation negates nothing', 'return !value;', 'return value;'],
    [
      'what is no Bool has an opposite',
      "return typeof value === 'symbol' ? value : fail(NO_BOOL);",
      "return typeof value === 'symbol' ? value : true;",
    ],
    [
      'a failing operand makes && false',
      "value === false || typeof value === 'symbol' ? value",
      "value === false || typeof value === 'symbol' ? false",
    ],
    [
      'what is no Bool makes && true',
      "value === false || typeof value === 'symbol' ? value : fail(NO_BOOL)",
      "value === false || typeof value === 'symbol' ? value : true",
    ],
    [
      '&& goes on behind what fails',
      'if (value === true) continue;',
      "if (value === true || typeof value === 'symbol') continue;",
    ],
    [
      'a failing operand makes || true',
      "value === true || typeof value === 'symbol' ? value",
      "value === true || typeof value === 'symbol' ? true",
    ],
    [
      'what is no Bool makes || false',
      "value === true || typeof value === 'symbol' ? value : fail(NO_BOOL)",
      "value === true || typeof value === 'symbol' ? value : false",
    ],
    [
      '|| goes on behind what fails',
      'if (value === false) continue;',
      "if (value === false || typeof value === 'symbol') continue;",
    ],
    [
      'a test that is no Bool chooses else',
      'if (chosen === false) return otherwise',
      'if (chosen !== true) return otherwise',
    ],
    ['if chooses the other branch', 'return then(environment, at);', 'return otherwise(environment, at);'],
  ]),
  ...inFile('compiled/entities.ts', [
    [
      'in ends at the first match',
      'found ||= environment.isIn(entity, element);',
      'if (environment.isIn(entity, element)) return true;',
    ],
    ['in knows no ancestors', 'return environment.isIn(entity, above);', 'return entity.key === above.key;'],
    ['in of no entity is false', "fail('in takes an entity')", 'false'],
    ['in of no group is false', "fail('in takes an entity or a set of them')", 'false'],
    ['in overlooks elements that are no entities', "return fail('in takes a set of entities');", 'continue;'],
    [
      'is takes a type of another namespace',
      'entity.type !== type',
      "!('::' + entity.type).endsWith('::' + type)",
    ],
    ['is of no entity is false', "fail('is takes an entity')", 'false'],
    [
      'is in looks at the group first',
      'if (entity.type !== type) return false;',
      "if (typeof group?.(environment, at) === 'symbol') return fail('');\n    if (entity.type !== type) return false;",
    ],
    ['a missing field is false', 'holder.fields.get(name) ?? fail(', 'holder.fields.get(name) ?? !('],
    [
      'a missing attribute is false',
      'entity?.attributes.get(name) ?? fail(',
      'entity?.attributes.get(name) ?? !(',
    ],
    [
      'has fails at what is missing',
      'if (next === undefined) return false;',
      "if (next === undefined) return fail('');",
    ],
    [
      'has is false of what has no attributes',
      "if (typeof fields === 'symbol') return fields;",
      "if (typeof fields === 'symbol') return false;",
    ],
    [
      'has fails of an absent entity',
      'return environment.entityOf(holder)?.attributes;',
      "return environment.entityOf(holder)?.attributes ?? fail('');",
    ],
    [
      'has looks at tags',
      'return environment.entityOf(holder)?.attributes;',
      'return environment.entityOf(holder)?.tags;',
    ],
    ['hasTag fails of an absent entity', '?.tags.has(key) ?? false', "?.tags.has(key) ?? fail('')"],
    ['hasTag looks at attributes', '?.tags.has(key)', '?.attributes.has(key)'],
    [
      'hasTag takes any key',
      'return fail(TAG_OPERANDS);\n\n    return environment.entityOf(entity)?.tags.has',
      'return false;\n\n    return environment.entityOf(entity)?.tags.has',
    ],
    ['getTag looks at attributes', '?.tags.get(key)', '?.attributes.get(key)'],
    ['a missing tag is false', '?.tags.get(key) ?? fail(', '?.tags.get(key) ?? !('],
  ]),
  ...inFile('compiled/sets.ts', [
    ['equality is identity', 'equal(a, b, spendLookups)', 'a === b'],
    ['what fails is unequal', "typeof b === 'symbol' ? b : equal", "typeof b === 'symbol' ? false : equal"],
    [
      'a set leaves out what fails',
      "if (typeof value === 'symbol') return value;\n      spendKey(value);",
      "if (typeof value === 'symbol') continue;",
    ],
    [
      'a record leaves out what fails',
      "if (typeof value === 'symbol') return value;\n      values.set",
      "if (typeof value === 'symbol') continue;\n      values.set",
    ],
    ['contains is by identity', 'return all.has(one);', 'return all.elements.includes(one);'],
    ['contains of no set is false', "fail('contains is of a set')", 'false'],
    ['containsAll is content with one', 'some.elements.every(', 'some.elements.some('],
    [
      'a set does not contain all of itself',
      'some.elements.length <= all.elements.length',
      'some.elements.length < all.elements.length',
    ],
    ['containsAny wants all', 'few.elements.some(', 'few.elements.every('],
    [
      'what is no set contains nothing',
      '(a instanceof CedarSet && b instanceof CedarSet)) return fail(',
      '(a instanceof CedarSet && b instanceof CedarSet)) return !(',
    ],
    ['isEmpty is turned round', 'value.elements.length === 0', 'value.elements.length !== 0'],
    ['isEmpty of no set is false', "fail('isEmpty is of a set')", 'false'],
    ['like of no text is false', "fail('like takes a String')", 'false'],
  ]),
  ...inFile('compiled/pattern.ts', [
    ['a pattern need not match the end', ' || !text.endsWith(last)', ''],
    ['a pattern need not match the start', ' || !text.startsWith(first)', ''],
    [
      'a pattern without wildcards matches a start',
      'return text === first;',
      'return text.startsWith(first);',
    ],
    ['pieces of a pattern may overlap', 'from = at + piece.text.length;', 'from = at;'],
    ['pieces of a pattern may stand in any order', 'piece.indexIn(text, from)', 'piece.indexIn(text, 0)'],
    [
      'a literal star is a wildcard',
      "if (part === 'Wildcard')",
      "if (part === 'Wildcard' || part.Literal === '*')",
    ],
    [
      'literals of a pattern replace each other',
      'texts[texts.length - 1] += part.Literal',
      'texts[texts.length - 1] = part.Literal',
    ],
  ]),
  ...inFile('compiled/needle.ts', [
    ['a long piece is looked for from the start', 'let at = from;', 'let at = 0;'],
    ['a long piece is found one unit late', 'return at - fitting + 1;', 'return at - fitting + 2;'],
  ]),
  ...inFile('compiled/literals.ts', [
    [
      'all literals are the first',
      'return before ?? constant;',
      'return known.values().next().value ?? constant;',
    ],
    ['constructors take space around their text', 'call([literal.text])', 'call([literal.text.trim()])'],
    ['sets in literals are empty', 'new CedarSet(json.map(literalValue))', 'new CedarSet([])'],
  ]),
  ...inFile('compiled/compile.ts', [
    ['unless is when', 'return not(compile(body, around));', 'return compile(body, around);'],
    [
      'a policy without clauses never holds',
      'compiled.length === 0 ? () => true',
      'compiled.length === 0 ? () => false',
    ],
    ['!= is ==', 'not(areEqual(left, right))', 'areEqual(left, right)'],
    ['> is >=', 'isFalse(lessOrEqual(left, right))', 'isFalse(lessThan(left, right))'],
    ['>= is >', 'isFalse(lessThan(left, right))', 'isFalse(lessOrEqual(left, right))'],
    ['a chain runs backwards', 'return operands.reverse();', 'return operands;'],
    ['the principal is the resource', '({ principal }) => principal', '({ resource }) => resource'],
    ['every Bool literal is true', 'return () => body;', 'return () => true;'],
    [
      'has takes a text for a path',
      "if (typeof attr === 'string') return [attr];",
      "if (typeof attr === 'string') return attr.split('.');",
    ],
    [
      'is forgets its group',
      "body['in'] === undefined ? undefined : operand(body, 'in', around)",
      'undefined',
    ],
    ['a failing constructor is false', "fail('a constructor does not accept its text')", 'false'],
    ['a failing call is false', 'called?.call(values) ?? fail(', 'called?.call(values) ?? !('],
    [
      'a call leaves out what fails',
      "if (typeof value === 'symbol') return value;\n      values.push",
      "if (typeof value === 'symbol') continue;\n      values.push",
    ],
  ]),
  ...inFile('compiled/shape.ts', [
    [
      'records lose a field called __proto__',
      'Object.entries(body).map(([name, child]) => [',
      "Object.entries(body).filter(([name]) => name !== '__proto__').map(([name, child]) => [",
    ],
    [
      'a set of literals loses its last',
      'values.push(literal.json);',
      'if (values.length < elements.length - 1) values.push(literal.json);',
    ],
    ['surplus arguments of a constructor are overlooked', ' || args.length !== 1', ''],
    [
      'every literal is the first',
      'return { Literal: literals.push(literal) - 1 };',
      'return { Literal: literals.push(literal) * 0 };',
    ],
    [
      'an escape with more keys is a reference',
      "names.length === 1 && names[0] === '__entity'",
      "names.includes('__entity')",
    ],
  ]),
  ...inFile('slice/action-sets.ts', [
    [
      'in of actions takes no members',
      'all.flatMap((text) => numbers.get(text) ?? [])',
      'all.slice(0, 2).flatMap((text) => numbers.get(text) ?? [])',
    ],
    [
      '== takes what is in a group, too',
      "declared?.ancestors.map(({ key }) => nameText('in', key)) ?? []",
      "declared?.ancestors.flatMap(({ key }) => [nameText('in', key), nameText('==', key)]) ?? []",
    ],
    [
      'the action of the request before is still chosen',
      'for (const name of chosen) isChosen[name] = 0;',
      '',
    ],
    [
      'all policies share the actions of the first',
      'if (before !== undefined) return before;',
      'if (known.size > 0) return 0;',
    ],
    ['every action is in every set', 'if (isChosen[name] === 1)', 'if (isChosen[name] !== 2)'],
  ]),
  ...inFile('slice/buckets.ts', [
    [
      'what is under a resource is under its principal',
      'return resource === ANY ? ANY : resource * PARTS + AS_RESOURCE',
      'return resource === ANY ? ANY : resource * PARTS + AS_PRINCIPAL',
    ],
  ]),
  ...inFile('slice/key-numbers.ts', [
    ['a key is told by its hash alone', ' && keys[number] === key', ''],
    ['keys without a place are forgotten', 'crowded.get(key) ?? UNKNOWN', 'UNKNOWN'],
    ['a place that is taken is the key', 'table[at] === hash && keys[number] === key', 'true'],
  ]),
  ...inFile('slice/scope-table.ts', [
    ['a type in a scope is overlooked', 'type !== ANY && type !== subject.type', 'false'],
    [
      '== takes what stands below, too',
      'exact === 0 ? subject.count : Math.min(subject.count, 1)',
      'subject.count',
    ],
    ['in takes the entity itself alone', 'exact === 0 ? subject.count :', 'exact < 0 ? subject.count :'],
    ['keys of the request before count', 'Math.min(subject.count, 1)', '1'],
  ]),
  ...inFile('slice/policy-index.ts', [
    ['policies under ancestors are not looked for', 'index < count', 'index < 1'],
    [
      'policies that nothing anchors are forgotten',
      'for (const position of unanchored) collect(position, positions);',
      '',
    ],
    [
      'a policy is found once for each name that it has of the action',
      'if (actions.nameIn(actions.byPosition[position] ?? ANY) === name) collect',
      'collect',
    ],
  ]),
  ...inFile('compiled/evaluator.ts', [
    ['one forbid is not enough', 'if (forbidding.length > 0)', 'if (forbidding.length > 1)'],
    [
      'a failure denies',
      "permitting.length > 0 ? 'allow'",
      "permitting.length > 0 && errors.length === 0 ? 'allow'",
    ],
    [
      'permits determine a deny',
      'determining: forbidding, errors',
      'determining: [...forbidding, ...permitting].sort(), errors',
    ],
    [
      'failures are not told',
      'if (holds !== true) errors.push(',
      'if (holds === FAILED) continue;\n    if (holds !== true) errors.push(',
    ],
    [
      'failures are told in any order',
      'if (errors.length > 1) errors.sort(',
      'if (errors.length < 1) errors.sort(',
    ],
    ['policies are told in any order', 'if (before < rank) break;', 'if (before > rank) break;'],
    [
      'ranks are of the wrong list',
      'insert(forbidding, forbidRanks, id,',
      'insert(forbidding, permitRanks, id,',
    ],
    [
      'an effect is lost',
      'else if (rows[row + PERMITS] === 1) insert(',
      'else if (rows[row + PERMITS] !== 2) insert(',
    ],
  ]),
  ...inFile('compiled/rows.ts', [
    [
      'ids are ranked backwards',
      "(ids[one] ?? '') < (ids[other] ?? '')",
      "(ids[one] ?? '') > (ids[other] ?? '')",
    ],
    [
      'policies share the literals of the first',
      'rows[row + LITERALS] = pool.add(policy.condition.literals);',
      'pool.add(policy.condition.literals);',
    ],
  ]),
  ...inFile('compiled/environment.ts', [
    ['an entity is not in itself', 'if (entity.key === above.key) return true;', ''],
    ['actions have no groups', ' ?? this.#groups.get(entity.key)', ''],
    [
      'the resource is looked up as the principal',
      'if (uid === this.resource) return this.#resource;',
      'if (uid === this.resource) return this.#principal;',
    ],
  ]),
  ...inFile('compiled/sort-in-steps.ts', [
    [
      'the second half of what is merged comes first',
      'left < endOfLeft && isBefore',
      'left < endOfLeft && !isBefore',
    ],
    ['what is left of the first half is lost', 'right === endOfRight || (left', '(left'],
    ['parts are merged from the wrong place', 'start += 2 * width)', 'start += width)'],
  ]),
  ...inFile('steps.ts', [['policies are visited in one step', 'if (index % STEP === STEP - 1) yield;', '']]),
  ...inFile('value/equal.ts', [
    ['references of two types are equal', ' && left.type === right.type', ''],
    ['a set equals a larger one', 'if (left.elements.length !== right.elements.length) return false;', ''],
    ['a record equals a larger one', 'if (left.fields.size !== right.fields.size) return false;', ''],
    ['records compare their fields by identity', '!equal(value, other, onCompare)', 'value !== other'],
  ]),
];

function inFile(
  file: string,
  faults: readonly (readonly [what: string, find: string, replace: string])[],
): readonly Mutant[] {
  return faults.map(([what, find, replace]) => ({ file, what, find, replace }));
}
