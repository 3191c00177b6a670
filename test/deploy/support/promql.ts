/** What an expression of PromQL names. */
export interface Named {
  /** Metrics that it selects, each with the labels that it is matched by. */
  readonly selectors: readonly Selector[];
  /** Labels that it groups by. */
  readonly grouping: readonly string[];
}

export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
}

export interface Matcher {
  readonly label: string;
  readonly value: string;
}

const TOKEN = /\s+|"(?:[^"\\]|\\.)*"|\$?[A-Za-z_]\w*|\d[\w.]*|[=!<>]=|=~|!~|[-+*/%^<>=(){}[\],]/y;
const IDENTIFIER = /^[A-Za-z_]\w*$/;
/** What stands before a list of labels. */
const GROUPING = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right']);
const OPERATORS = new Set(['and', 'or', 'unless', 'offset', 'bool']);

/** Reads as much of PromQL as tells names apart. @throws Error at what is none. */
export function namesIn(expression: string): Named {
  const tokens = tokensOf(expression);
  const selectors: Selector[] = [];
  const grouping: string[] = [];
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index] ?? '';
    const next = tokens[index + 1];
    if (token === '[') index = closing(tokens, index, ']');
    if (!IDENTIFIER.test(token) || OPERATORS.has(token)) continue;

    if (GROUPING.has(token)) {
      const end = closing(tokens, index, ')');
      grouping.push(...tokens.slice(index + 2, end).filter((each) => each !== ','));
      index = end;
    } else if (next === '{') {
      const end = closing(tokens, index, '}');
      selectors.push({ metric: token, matchers: matchersIn(tokens.slice(index + 2, end)) });
      index = end;
    } else if (next !== '(' && !(next !== undefined && GROUPING.has(next))) {
      selectors.push({ metric: token, matchers: [] });
    }
  }

  return { selectors, grouping };
}

function tokensOf(expression: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < expression.length) {
    const at = TOKEN.lastIndex;
    const [token] = TOKEN.exec(expression) ?? [];
    if (token === undefined) throw new Error(`no PromQL at ${at}: ${expression}`);
    if (token.trim() !== '') tokens.push(token);
  }

  return tokens;
}

function closing(tokens: readonly string[], from: number, bracket: string): number {
  const end = tokens.indexOf(bracket, from);
  if (end === -1) throw new Error(`no ${bracket} in ${tokens.join(' ')}`);

  return end;
}

/** `label operator "value"`, with commas between. */
function matchersIn(tokens: readonly string[]): Matcher[] {
  const parts = tokens.filter((token) => token !== ',');
  if (parts.length % 3 !== 0) throw new Error(`no matchers: ${tokens.join(' ')}`);

  return parts.flatMap((label, index) =>
    index % 3 === 0 ? [{ label, value: (parts[index + 2] ?? '').slice(1, -1) }] : [],
  );
}
