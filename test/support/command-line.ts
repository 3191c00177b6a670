import { parseArgs } from 'node:util';

type Options<Name extends string> = { readonly [name in Name]?: string };

/** What a shell reads as "wrong usage". */
const USAGE_ERROR = 2;

/**
 * The options that this process was started with, each with a value. With `--help` the usage is printed, and there are none;
 * for an option that has no value or is none of these, the process ends.
 */
export function readCommandLine<Name extends string>(
  usage: string,
  names: readonly Name[],
): Options<Name> | undefined {
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' }] as const));
  try {
    const { values } = parseArgs({ options: { ...options, help: { type: 'boolean' } } });
    if (values.help !== true) return values as Options<Name>;
  } catch (error) {
    refuse(usage, String(error));
  }

  console.log(usage);
  return undefined;
}

/** Reads an option's value that must be a whole number from `least` up; the process ends where it is none. */
export function wholeNumber(usage: string, name: string, text: string, least = 0): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < least) {
    refuse(usage, `--${name} is a whole number from ${least} up, not ${JSON.stringify(text)}`);
  }

  return value;
}

function refuse(usage: string, problem: string): never {
  console.error(`${problem}\n\n${usage}`);
  process.exit(USAGE_ERROR);
}
