import { parseDatetime } from '../../../services/engine/extension/datetime.ts';
import { readRequest } from '../../../services/pdp/wire/rest/request.ts';
import { type Block, blocksOf } from '../../docs/markdown.ts';

type Question = ReturnType<typeof readRequest>;
type Datetime = ReturnType<typeof parseDatetime>;

/** A request that a page shows, and an answer that it shows below. */
export interface Example {
  readonly title: string;
  readonly asked: Question;
  /** When it is asked, by the answer's `evaluated_at`. */
  readonly now: Datetime;
  /** The members of the answer that the page shows, but for the time. */
  readonly answer: Readonly<Record<string, unknown>>;
}

/** The examples of a page: a request in JSON or in the body of a curl command, and each answer up to the next request. */
export function examplesOf(page: string): readonly Example[] {
  const examples: Example[] = [];
  let asked: Question | undefined;

  for (const block of blocksOf(page, 'sh', 'json')) {
    const body = bodyOf(block);
    if (body === undefined) continue;
    const shown = JSON.parse(body) as Record<string, unknown>;
    if ('principal' in shown) asked = readRequest(Buffer.from(body));
    else if (asked !== undefined) examples.push(exampleOf(asked, shown));
  }

  return examples;
}

function bodyOf({ language, text }: Block): string | undefined {
  return language === 'json' ? text : text.match(/-d '(\{.*\})'/s)?.[1];
}

function exampleOf(asked: Question, { evaluated_at, ...answer }: Record<string, unknown>): Example {
  const now = evaluated_at === undefined ? undefined : parseDatetime(String(evaluated_at));

  return { title: `${asked.action.id} at ${evaluated_at ?? 'any time'}`, asked, now, answer };
}
