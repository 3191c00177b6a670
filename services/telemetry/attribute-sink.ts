import type { ATTRIBUTES, TelemetryAttributes } from './attributes.ts';

type NameOf<Type> = {
  [Name in keyof typeof ATTRIBUTES]: (typeof ATTRIBUTES)[Name]['type'] extends Type ? Name : never;
}[keyof typeof ATTRIBUTES];
export type TextName = NameOf<'string'>;
export type TextsName = NameOf<'string[]'>;
export type IntName = NameOf<'int'>;

/** Takes attributes one by one, each name at most once. */
export interface AttributeSink {
  text(name: TextName, value: string): void;
  texts(name: TextsName, values: readonly string[]): void;
  int(name: IntName, value: number): void;
}

/** Says what there is to say of something; called only where somebody is told, and perhaps more than once. */
export type Describe = (sink: AttributeSink) => void;

/** The same as an object, for the SDK's own spans and records. */
export function attributesOf(describe: Describe): TelemetryAttributes {
  const attributes: TelemetryAttributes = {};
  describe({
    text(name, value) {
      attributes[name] = value;
    },
    texts(name, values) {
      attributes[name] = [...values];
    },
    int(name, value) {
      attributes[name] = value;
    },
  });

  return attributes;
}

/** Says nothing. */
export function nothing(): void {
  // There is nothing to say.
}
