import { readTokens } from './tokens.ts';

/** One policy of a file as it stands there, with the white space and comments before it. */
export interface Piece {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Offset in the file of the first token; `end` where the piece has none. */
  readonly head: number;
  /** No token at all: what follows the last policy. */
  readonly blank: boolean;
  /** It has a slot, so it is a template. */
  readonly template: boolean;
  /** Brackets and conditionals inside each other. */
  readonly nesting: number;
  /** Offset in the file of where the nesting is deepest. */
  readonly deepest: number;
}

/**
 * Splits a file behind each `;` outside strings and comments; the pieces put together are the file. A bracket that is never
 * closed spoils its own policy only.
 *
 * This runs before Cedar sees the text, because cedar-wasm traps on 120 nested parentheses.
 */
export function splitPolicies(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let draft = startPiece(0);

  for (const { kind, start, end } of readTokens(text)) {
    draft.head ??= start;
    if (kind === 'slot') draft.template = true;
    if (kind === 'word' && end - start === 2 && text.startsWith('if', start)) draft.nesting.condition(start);
    if (kind !== 'symbol') continue;

    const symbol = text.charAt(start);
    draft.nesting.symbol(symbol, start);
    if (symbol !== ';') continue;

    pieces.push(finishPiece(draft, text, end));
    draft = startPiece(end);
  }

  if (draft.start < text.length) pieces.push(finishPiece(draft, text, text.length));

  return pieces;
}

/** Brackets inside each other in a schema, where `<` and `>` are brackets too. */
export function schemaNesting(text: string): { readonly nesting: number; readonly deepest: number } {
  let open = 0;
  let nesting = 0;
  let deepest = 0;

  for (const { kind, start } of readTokens(text)) {
    if (kind !== 'symbol') continue;
    const symbol = text.charAt(start);
    if ('([{<'.includes(symbol)) open += 1;
    if (')]}>'.includes(symbol)) open = Math.max(0, open - 1);
    if (open > nesting) [nesting, deepest] = [open, start];
  }

  return { nesting, deepest };
}

interface Draft {
  readonly start: number;
  head: number | undefined;
  template: boolean;
  readonly nesting: Nesting;
}

interface Nesting {
  symbol(symbol: string, at: number): void;
  condition(at: number): void;
  readonly most: number;
  readonly deepest: number;
}

function startPiece(start: number): Draft {
  return { start, head: undefined, template: false, nesting: createNesting() };
}

function finishPiece({ start, head, template, nesting }: Draft, text: string, end: number): Piece {
  return {
    start,
    end,
    text: text.slice(start, end),
    head: head ?? end,
    blank: head === undefined,
    template,
    nesting: nesting.most,
    deepest: nesting.deepest,
  };
}

/** Two `if` within the same brackets are inside each other, unless a comma stands between them. */
function createNesting(): Nesting {
  const conditions = [0];
  let depth = 0;
  let most = 0;
  let deepest = 0;

  const deeper = (at: number): void => {
    depth += 1;
    if (depth > most) [most, deepest] = [depth, at];
  };
  const endConditions = (): void => {
    depth -= conditions.at(-1) ?? 0;
    conditions[conditions.length - 1] = 0;
  };

  return {
    condition(at) {
      conditions[conditions.length - 1] = (conditions.at(-1) ?? 0) + 1;
      deeper(at);
    },
    symbol(symbol, at) {
      if ('([{'.includes(symbol)) {
        conditions.push(0);
        deeper(at);
      } else if (')]}'.includes(symbol) && conditions.length > 1) {
        endConditions();
        conditions.pop();
        depth -= 1;
      } else if (symbol === ',') endConditions();
    },
    get most() {
      return most;
    },
    get deepest() {
      return deepest;
    },
  };
}
