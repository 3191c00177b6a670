import type { CedarType, EntityType, ExtensionName, Schema } from '../../../services/engine/schema/schema.ts';
import type { Random } from './random.ts';
import { ACTION_IDS, ENUM_IDS, INNER_ACTION_IDS, TYPES } from './random-schema.ts';

/**
 * Random Cedar JSON text for a declared type, in all the spellings that Cedar knows, now and then wrong.
 *
 * Never generated, since there Palisade refuses on purpose what Cedar takes: `unknown`, references as arrays, repeated names, and
 * numbers that are no Long inside a call.
 */
export class RandomData {
  readonly #random: Random;
  /** One value in so many is wrong; 0: none. */
  readonly #wrongOneIn: number;
  #calls = 0;

  constructor(random: Random, wrongOneIn: number) {
    this.#random = random;
    this.#wrongOneIn = wrongOneIn;
  }

  value(type: CedarType): string {
    if (this.#isWrong()) return this.#junk(2);

    switch (type.kind) {
      case 'bool':
        return this.#bool();
      case 'long':
        return this.#long();
      case 'string':
        return this.#string(this.#random.pick(TEXTS));
      case 'entity':
        return this.reference(type.name);
      case 'extension':
        return this.#extension(type.name);
      case 'set':
        return `[${this.#random.list(3, () => this.value(type.element)).join()}]`;
      case 'record':
        return this.record(type);
    }
  }

  record(type: CedarType & { kind: 'record' }): string {
    const members: [string, string][] = [];
    for (const [name, { type: inner, required }] of type.attributes) {
      if (required ? !this.#isWrong() : this.#random.oneIn(2)) members.push([name, this.value(inner)]);
    }
    if (this.#isWrong())
      members.push([this.#random.pick(['a', 'b', '__entity', '__extn', 'zz']), this.#junk(1)]);

    return this.#object(members);
  }

  reference(type: string): string {
    return this.#spelled(
      this.#uid(this.#isWrong() ? this.#random.pick([...TYPES, 'Nope', 'Action', ' A']) : type),
    );
  }

  #spelled(uid: readonly [string, string][]): string {
    return this.#random.pick([
      () => this.#object(uid),
      () => this.#object([...uid, ['extra', this.#junk(1)]]),
      () => this.#object([['__entity', this.#object(uid)]]),
      () => this.#object([['__entity', this.#object([...uid, ['x', '1.5']])], ...this.#uid('B')]),
      () => this.#object([['__entity', '{"type":"B"}'], ...uid]),
      () => this.#object(this.#isWrong() ? [...uid, ['__expr', '"x"']] : uid),
    ])();
  }

  entities(schema: Schema): string {
    const listed = this.#random.list(4, () => this.#anyEntity(schema));
    if (listed.length > 0 && this.#random.oneIn(4)) listed.push(this.#random.pick(listed));
    const actions = this.#random.oneIn(6) ? this.#random.list(3, () => this.#action()) : [];

    return `[${[...listed, ...actions].join()}]`;
  }

  /** Most of the entities that there can be, below each other without a cycle, in chains as long as their types allow. */
  hierarchy(schema: Schema, ids: readonly string[] = IDS): string {
    const all = [...schema.entityTypes.values()].flatMap((type) =>
      [...(type.enumIds ?? ids)].map((id) => ({ type, id })),
    );
    const ordered = this.#random.shuffle(all);
    const listed = ordered.flatMap(({ type, id }, index) => {
      const above = ordered.slice(index + 1).filter((other) => type.ancestorTypes.has(other.type.name));
      const parents = [
        ...above.slice(0, this.#random.below(3)),
        ...(above.length > 0 ? [this.#random.pick(above)] : []),
      ];
      const unlisted = this.#random.oneIn(4);

      return unlisted
        ? []
        : [
            this.#entity(
              type,
              this.#spelled(this.#uidOf(type.name, id)),
              parents.map((uid) => this.#spelled(this.#uidOf(uid.type.name, uid.id))),
            ),
          ];
    });
    if (this.#random.oneIn(8)) listed.push(this.#action());

    return `[${this.#random.shuffle(listed).join()}]`;
  }

  #anyEntity(schema: Schema): string {
    const type = this.#random.pick([...schema.entityTypes.values()]);
    const parents =
      type.ancestorTypes.size > 0
        ? this.#random.list(2, () => this.reference(this.#random.pick([...type.ancestorTypes])))
        : [];

    return this.#entity(type, this.reference(type.name), parents);
  }

  #entity(type: EntityType, uid: string, above: readonly string[]): string {
    const shape: CedarType = { kind: 'record', attributes: type.attributes };
    const parents = [...above];
    if (this.#isWrong())
      parents.push(this.reference(this.#random.pick(['A', 'B', 'N::C', 'Color', 'Action'])));
    const { tags } = type;
    const members: [string, string][] = [
      ['uid', uid],
      ['attrs', this.record(shape)],
      ['parents', this.#isWrong() ? this.#junk(1) : `[${parents.join()}]`],
    ];
    if (tags !== undefined) {
      members.push([
        'tags',
        this.#object(this.#random.some(TAG_NAMES).map((name) => [name, this.value(tags)])),
      ]);
    } else if (this.#random.oneIn(3))
      members.push(['tags', this.#isWrong() ? this.#random.pick(['{"k":1}', 'null', '[]']) : '{}']);
    if (this.#isWrong()) members.splice(this.#random.below(members.length), 1);
    if (this.#random.oneIn(5)) members.push(['ignored', this.#junk(1)]);

    return this.#object(members);
  }

  #action(): string {
    const groups = this.#random.pick([[], ['top'], ['group', 'top'], ['group'], ['nope']]);

    return this.#object([
      ['uid', this.reference('Action')],
      ['attrs', this.#random.oneIn(6) ? '{"a":1}' : '{}'],
      ['parents', `[${groups.map((id) => `{"type":"Action","id":"${id}"}`).join()}]`],
      ...(this.#random.oneIn(4)
        ? ([['tags', this.#random.pick(['{}', '{"a":1}'])]] as [string, string][])
        : []),
    ]);
  }

  #uid(type: string): [string, string][] {
    return this.#uidOf(type, this.#random.pick(idsOf(type)));
  }

  #uidOf(type: string, id: string): [string, string][] {
    return [
      ['type', this.#string(type)],
      ['id', this.#isWrong() ? this.#random.pick(['1', '"z"', 'null']) : this.#string(id)],
    ];
  }

  #bool(): string {
    if (!this.#random.oneIn(6)) return this.#random.pick(['true', 'false']);
    const ip = this.#isWrong()
      ? this.#random.pick(['"127.0.0.1"', '{"fn":"ip","arg":"::1"}'])
      : this.#explicit('ip', '127.0.0.1');
    const call = this.#bareCall('isLoopback', [ip]);

    return this.#object(
      this.#isWrong()
        ? [
            ['__extn', call],
            ['more', '1'],
          ]
        : [['__extn', call]],
    );
  }

  #long(): string {
    if (this.#random.oneIn(6))
      return this.#escape('toMinutes', [
        this.#explicit('duration', this.#random.pick(this.#isWrong() ? ['?', '1d1d'] : ['90s', '-1d'])),
      ]);

    return this.#random.pick(LONGS);
  }

  #extension(name: ExtensionName): string {
    // Calls of the largest values overflow.
    const fitting = this.#calls > 0 && this.#wrongOneIn === 0 ? MODEST_TEXTS[name] : EXTENSION_TEXTS[name];
    const text = this.#random.pick(this.#isWrong() ? TEXTS : fitting);
    const fn = this.#isWrong()
      ? this.#random.pick(['ip', 'decimal', 'toDate', 'nope', ''])
      : CONSTRUCTORS[name];

    return this.#random.pick([
      () => this.#string(text),
      () => this.#string(text),
      () => this.#escape(fn, [this.#string(text)]),
      () => this.#bareCall(fn, [this.#string(text)]),
      () =>
        this.#object([
          ['__extn', this.#bareCall(fn, [this.#string(text)])],
          ['more', this.#junk(1)],
        ]),
      () =>
        this.#object([
          ['__extn', this.#bareCall(fn, [this.#string(text)])],
          ['fn', '"ip"'],
          ['arg', '"9.9.9.9"'],
        ]),
      () =>
        this.#object([
          ['__extn', this.#bareCall(fn, [this.#string(text)])],
          ['__expr', this.#isWrong() ? '"x"' : '1'],
        ]),
      () => this.#method(name),
    ])();
  }

  /** A call of a method: its arguments may be texts, since an extension type is declared. */
  #method(name: ExtensionName): string {
    this.#calls += 1;
    const datetime = (): string => this.#argument('datetime');
    const calls: Readonly<Record<string, () => string>> = {
      datetime: () =>
        this.#random.oneIn(2)
          ? this.#call('offset', [datetime(), this.#argument('duration')])
          : this.#call('toDate', [datetime()]),
      duration: () =>
        this.#random.oneIn(2)
          ? this.#call('durationSince', [datetime(), datetime()])
          : this.#call('toTime', [datetime()]),
    };
    const text =
      calls[name]?.() ??
      this.#call(this.#isWrong() ? 'isIpv4' : CONSTRUCTORS[name], [this.#string(MODEST_TEXTS[name][0])]);
    this.#calls -= 1;

    return text;
  }

  #argument(name: 'datetime' | 'duration'): string {
    return this.#isWrong() ? this.#junk(1) : this.#extension(name);
  }

  #call(fn: string, args: readonly string[]): string {
    return this.#random.oneIn(2) ? this.#escape(fn, args) : this.#bareCall(fn, args);
  }

  #explicit(fn: string, text: string): string {
    return this.#escape(fn, [this.#string(text)]);
  }

  #escape(fn: string, args: readonly string[]): string {
    return this.#object([['__extn', this.#bareCall(fn, args)]]);
  }

  #bareCall(fn: string, args: readonly string[]): string {
    const [arg] = args;
    const single = args.length === 1 && arg !== undefined && this.#random.oneIn(2);
    const members: [string, string][] = [['fn', this.#string(fn)]];
    if (single) members.push(['arg', arg]);
    if (!single || this.#random.oneIn(5))
      members.push(['args', `[${(single ? ['"1.1.1.1"'] : args).join()}]`]);
    if (this.#random.oneIn(8)) members.push(['other', '"x"']);

    return this.#object(members);
  }

  #junk(depth: number): string {
    const inCall = this.#calls > 0;
    const flat = ['null', 'true', '3', '"s"', '"1.1.1.1"', '"1.0"', '"2024-01-01"', '"1h"', '[]', '{}'];
    const inexact = ['1.5', '1.0', '-0', '1e3', '9223372036854775808'];
    const deep = (): string => (depth > 0 ? this.#junk(depth - 1) : '1');

    return this.#random.pick([
      () => this.#random.pick(inCall ? flat : [...flat, ...inexact]),
      () => this.#random.pick(flat),
      () => `[${deep()},${deep()}]`,
      () => `{"a":${deep()}}`,
      () => '{"__expr":"1"}',
      () => `{"__expr":${deep()}}`,
      () =>
        `{"__entity":${this.#random.pick(['{"type":"A","id":"x"}', '{"type":"A"}', '"A::\\"x\\""', '{"type":"in","id":"x"}'])}}`,
      () => '{"type":"A","id":"x"}',
      () =>
        `{"__extn":${this.#random.pick(['{"fn":"ip","arg":"1.1.1.1"}', '{"fn":"ip"}', '1', '{"fn":"nope","arg":"1"}', '{"fn":"ip","args":"1.1.1.1"}'])}}`,
      () => '{"fn":"decimal","arg":"1.0"}',
    ])();
  }

  #isWrong(): boolean {
    return this.#wrongOneIn > 0 && this.#random.oneIn(this.#wrongOneIn);
  }

  #object(members: readonly (readonly [string, string])[]): string {
    const once = new Map(members);

    return `{${this.#random
      .shuffle([...once])
      .map(([name, text]) => `${this.#string(name)}:${text}`)
      .join()}}`;
  }

  /** Some characters spelled as escapes. */
  #string(text: string): string {
    if (!this.#random.oneIn(6)) return JSON.stringify(text);
    const units = text.split('').map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

    return `"${units.join('')}"`;
  }
}

/** Ids that entities of a type have here. */
export function idsOf(type: string): readonly string[] {
  if (type === 'Color') return ENUM_IDS;
  if (type === 'Action') return ACTION_IDS;

  return type === 'N::Action' ? INNER_ACTION_IDS : IDS;
}

export const TAG_NAMES = ['', 'k', '__extn'];

const IDS = ['x', 'y"', '', 'é😀'];

export const LONGS = ['0', '1', '-7', '9007199254740993', '9223372036854775807', '-9223372036854775808'];

export const TEXTS = [
  '',
  'x',
  'xyx',
  'a*b',
  'e\u0301',
  '😀😀\n',
  'é😀',
  '\u0000',
  'a"b\\c',
  '1.1.1.1',
  '1.0',
  '2024-02-29',
  '1h30m',
  '2023-02-29',
  '__entity',
];

const MODEST_TEXTS = {
  ipaddr: ['1.1.1.1'],
  decimal: ['1.0'],
  datetime: ['2024-10-15', '1969-12-31T23:59:59.999Z'],
  duration: ['1h', '-1d2h'],
} as const;

const CONSTRUCTORS = {
  ipaddr: 'ip',
  decimal: 'decimal',
  datetime: 'datetime',
  duration: 'duration',
} as const;

export const EXTENSION_TEXTS = {
  ipaddr: ['1.1.1.1', '1.1.1.1/32', '10.0.0.1/8', '::1', '0:0:0:0:0:0:0:1', 'ff00::/8'],
  decimal: ['1.0', '1.00', '-0.5', '-0.0', '922337203685477.5807', '-922337203685477.5808'],
  datetime: [
    '2024-10-15',
    '2024-10-15T00:00:00Z',
    '0000-01-01',
    '9999-12-31T23:59:59.999-2359',
    '1969-12-31T23:59:59.999Z',
  ],
  duration: ['1h', '60m', '-1d2h', '0ms', '9223372036854775807ms', '-9223372036854775808ms'],
} as const;
