/** Something that a client must carry out with an allow, or treat it as a deny. */
export interface Obligation {
  readonly id: string;
  /** `path` of a `redact`, `value` of any other that has an argument. */
  readonly params: Readonly<Record<string, string>>;
}

/** The obligation whose argument is a path of the context. */
export const REDACT = 'redact';
export const NO_OBLIGATIONS: readonly Obligation[] = [];
/** Obligations of one policy. */
export const MAX_OBLIGATIONS = 8;

const ID = /^[a-z][a-z0-9_.-]{0,63}$/;
/** Printable ASCII without `;`, so that it is in one normal form and needs no escapes; no space at its ends. */
const ARGUMENT = /^[!-:<-~](?:[ -:<-~]{0,254}[!-:<-~])?$/;
const CONTEXT_PATH = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;

/**
 * Reads the value of `@obligation`: `id` or `id:argument`, several with `;` between them.
 * @returns what is wrong with it, in words, where it is not well formed.
 */
export function parseObligations(text: string): readonly Obligation[] | string {
  const parts = text.split(';', MAX_OBLIGATIONS + 1).map((part) => part.replace(/^ +| +$/g, ''));
  if (parts.length > MAX_OBLIGATIONS) return `@obligation lists more than ${MAX_OBLIGATIONS}`;
  if (new Set(parts).size < parts.length) return '@obligation lists one twice';

  const obligations: Obligation[] = [];
  for (const part of parts) {
    const obligation = parseObligation(part);
    if (typeof obligation === 'string') return obligation;
    obligations.push(obligation);
  }

  return obligations;
}

/** The form in which {@link parseObligations} reads it. */
export function obligationText({ id, params }: Obligation): string {
  const argument = params['path'] ?? params['value'];

  return argument === undefined ? id : `${id}:${argument}`;
}

/** All of them, each once, ordered by their text. */
export function uniteObligations(lists: readonly (readonly Obligation[])[]): readonly Obligation[] {
  const byText = new Map(lists.flat().map((obligation) => [obligationText(obligation), obligation]));

  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, obligation]) => obligation);
}

function parseObligation(part: string): Obligation | string {
  const colon = part.indexOf(':');
  const id = colon === -1 ? part : part.slice(0, colon);
  const argument = colon === -1 ? undefined : part.slice(colon + 1);
  if (!ID.test(id)) {
    return '@obligation needs ids of 1 to 64 lower-case letters, digits, dots, underscores or hyphens, beginning with a letter';
  }
  if (argument !== undefined && !ARGUMENT.test(argument)) {
    return `the argument of ${id} in @obligation must be 1 to 256 printable ASCII characters without a semicolon or a space at its ends`;
  }
  if (id !== REDACT) return { id, params: argument === undefined ? {} : { value: argument } };
  if (argument === undefined || !CONTEXT_PATH.test(argument)) {
    return `${REDACT} in @obligation needs a path of the context, such as ${REDACT}:input.body`;
  }

  return { id, params: { path: argument } };
}
