import fc from 'fast-check';
import { Datetime } from '../../../services/engine/extension/datetime.ts';
import { Decimal } from '../../../services/engine/extension/decimal.ts';
import { Duration } from '../../../services/engine/extension/duration.ts';
import { IpAddr } from '../../../services/engine/extension/ip.ts';
import { LONG_MAX, LONG_MIN } from '../../../services/engine/value/long.ts';
import { CedarRecord, CedarSet, EntityUid, type Value } from '../../../services/engine/value/value.ts';

const longs = fc.oneof(fc.bigInt({ min: -3n, max: 3n }), fc.bigInt({ min: LONG_MIN, max: LONG_MAX }));
const texts = fc.oneof(
  fc.constantFrom('', 'a', '1', '__entity', '\u2028"\\'),
  fc.string({ unit: 'binary', maxLength: 8 }),
);

/** Extension values of all kinds, those that only arithmetic reaches among them. */
export const extensionValues: fc.Arbitrary<Value> = fc.oneof(
  longs.map((value) => new Decimal(value)),
  longs.map((value) => new Duration(value)),
  longs.map((value) => new Datetime(value)),
  fc
    .tuple(fc.bigInt(0n, 2n ** 32n - 1n), fc.nat(32))
    .map(([address, prefix]) => new IpAddr(4, address, prefix)),
  fc
    .tuple(
      fc.array(fc.constantFrom<bigint[]>(0n, 1n, 0xffffn, 0x102n), { minLength: 8, maxLength: 8 }),
      fc.nat(128),
    )
    .map(
      ([groups, prefix]) =>
        new IpAddr(
          6,
          groups.reduce((bits, group) => (bits << 16n) | group, 0n),
          prefix,
        ),
    ),
);

/** Any Cedar value. */
export const values: fc.Arbitrary<Value> = fc.letrec<{ value: Value; leaf: Value }>((tie) => ({
  leaf: fc.oneof<fc.Arbitrary<Value>[]>(
    fc.boolean(),
    longs,
    texts,
    extensionValues,
    fc.tuple(fc.constantFrom('U', 'N::U'), texts).map(([type, id]) => new EntityUid(type, id)),
  ),
  value: fc.oneof(
    { depthSize: 'small' },
    tie('leaf'),
    fc.array(tie('value'), { maxLength: 4 }).map((elements) => new CedarSet(elements)),
    fc
      .dictionary(texts, tie('value'), { maxKeys: 4, noNullPrototype: true })
      .map((fields) => new CedarRecord(new Map(Object.entries(fields)))),
  ),
})).value;
