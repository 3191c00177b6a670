import { headOf, type ParsedPolicy } from './policies.ts';
import { positionAt } from './source.ts';
import { readTokens } from './tokens.ts';

/** Where a policy or template begins; lines count from one. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

/** The places of policies and templates by their id. */
export type Places = ReadonlyMap<string, Place>;

export function placesOf(parsed: readonly ParsedPolicy[]): Places {
  return new Map(
    parsed.map((policy) => [
      policy.id,
      { file: policy.source.path, line: positionAt(policy.source, headOf(policy).start).line },
    ]),
  );
}

/** Finds expressions in the text of one policy. */
export interface Locator {
  /** The line within the policy, from zero; zero also where the expression stands nowhere so, or more than once. */
  lineOf(expression: string): number;
}

/**
 * Cedar's JSON form has no places, so an expression is looked for by its tokens, whatever space and comments stand between them. What
 * the author spelled in another way is not found, and has the place of its policy.
 */
export function createLocator(policyText: string): Locator {
  const tokens = [...readTokens(policyText)];
  const texts = tokens.map(({ start, end }) => policyText.slice(start, end));

  return {
    lineOf(expression) {
      const wanted = [...readTokens(expression)].map(({ start, end }) => expression.slice(start, end));
      const first = indexOf(texts, wanted, 0);
      if (first === -1 || indexOf(texts, wanted, first + 1) !== -1) return 0;

      return linesBefore(policyText, tokens[first]?.start ?? 0);
    },
  };
}

function indexOf(texts: readonly string[], wanted: readonly string[], from: number): number {
  const [head] = wanted;
  if (head === undefined) return -1;

  for (let at = texts.indexOf(head, from); at !== -1; at = texts.indexOf(head, at + 1)) {
    if (wanted.every((text, index) => texts[at + index] === text)) return at;
  }

  return -1;
}

function linesBefore(text: string, offset: number): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) lines += 1;

  return lines;
}
