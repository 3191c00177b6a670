import type { AttributeSink, Describe, IntName, TextName, TextsName } from '../attribute-sink.ts';
import { ATTRIBUTES, type AttributeName } from '../attributes.ts';
import { isShortAscii, ProtobufWriter, textField } from './protobuf-writer.ts';

// Field numbers of opentelemetry/proto/common/v1/common.proto.
const KEY_VALUE = { key: 1, value: 2 } as const;
const ANY_VALUE = { string: 1, int: 3, array: 5 } as const;
const ARRAY_VALUE = { values: 1 } as const;

/** More than any takes that stands before a value. */
const PREFIX_ROOM = 256;
/** A tag and a length of one byte each. */
const PREFIX_BYTES = 2;

/** Our own names, each as the field that it is in every `KeyValue`. */
const KEYS = Object.fromEntries(
  Object.keys(ATTRIBUTES).map((name) => [name, textField(KEY_VALUE.key, name)]),
) as Record<AttributeName, Uint8Array>;

/** Writes attributes into a message as OTLP's `KeyValue`s, without an object for any of them. */
export class AttributeWriter implements AttributeSink {
  readonly #writer: ProtobufWriter;
  readonly #field: number;
  /** What stands before a short text, by name and by length: a character for each byte. */
  readonly #prefixes = Object.fromEntries(
    Object.keys(ATTRIBUTES).map((name) => [name, []]),
  ) as unknown as Record<TextName, string[]>;
  /** Short texts that are not written yet: one long text is written faster than many short ones. */
  #pending = '';

  /** @param field the message's number for its attributes. */
  constructor(writer: ProtobufWriter, field: number) {
    this.#writer = writer;
    this.#field = field;
  }

  /** Writes what there is to say. @throws what `describe` throws. */
  write(describe: Describe): void {
    this.#pending = '';
    describe(this);
    this.#flush();
  }

  text(name: TextName, value: string): void {
    if (isShortAscii(value)) {
      this.#pending += this.#prefix(name, value.length) + value;
      return;
    }

    const writer = this.#writer;
    const pair = this.#open(KEYS[name]);
    const any = writer.open(KEY_VALUE.value);
    writer.text(ANY_VALUE.string, value);
    writer.close(any);
    writer.close(pair);
  }

  texts(name: TextsName, values: readonly string[]): void {
    const writer = this.#writer;
    const pair = this.#open(KEYS[name]);
    const any = writer.open(KEY_VALUE.value);
    const list = writer.open(ANY_VALUE.array);
    for (const value of values) {
      const member = writer.open(ARRAY_VALUE.values);
      writer.text(ANY_VALUE.string, value);
      writer.close(member);
    }
    writer.close(list);
    writer.close(any);
    writer.close(pair);
  }

  int(name: IntName, value: number): void {
    const writer = this.#writer;
    const pair = this.#open(KEYS[name]);
    const any = writer.open(KEY_VALUE.value);
    writer.int64(ANY_VALUE.int, value);
    writer.close(any);
    writer.close(pair);
  }

  /** An attribute that is not ours, such as one that the operator put on the resource. */
  foreign(name: string, value: string): void {
    const writer = this.#writer;
    const pair = writer.open(this.#field);
    writer.text(KEY_VALUE.key, name);
    const any = writer.open(KEY_VALUE.value);
    writer.text(ANY_VALUE.string, value);
    writer.close(any);
    writer.close(pair);
  }

  #open(key: Uint8Array): number {
    this.#flush();
    const pair = this.#writer.open(this.#field);
    this.#writer.raw(key);

    return pair;
  }

  #flush(): void {
    if (this.#pending === '') return;
    this.#writer.latin1(this.#pending);
    this.#pending = '';
  }

  #prefix(name: TextName, length: number): string {
    const known = this.#prefixes[name][length];
    if (known !== undefined) return known;

    const prefix = this.#newPrefix(KEYS[name], length);
    this.#prefixes[name][length] = prefix;

    return prefix;
  }

  #newPrefix(key: Uint8Array, length: number): string {
    const writer = new ProtobufWriter(PREFIX_ROOM);
    const any = PREFIX_BYTES + length;
    writer.sized(this.#field, key.length + PREFIX_BYTES + any);
    writer.raw(key);
    writer.sized(KEY_VALUE.value, any);
    writer.sized(ANY_VALUE.string, length);
    const { slab, start, end } = writer.take();

    return slab.toString('latin1', start, end);
  }
}
