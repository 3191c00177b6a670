import { LIMITS } from '../engine/limits.ts';
import { type Cedar, spanOfError } from './cedar.ts';
import { type BundleFiles, isPolicyPath } from './files.ts';
import { jsonOf } from './lint/expression.ts';
import { compareText, type Problem } from './problem.ts';
import { createProblems, type Problems } from './problems.ts';
import { type Piece, splitPolicies } from './scan.ts';
import { createSource, decodeSource, type Source } from './source.ts';
import { readTokens } from './tokens.ts';

/** What formatting the policies of a bundle gives: nothing of a file is changed that has a problem. */
export interface FormatReport {
  /** Path and new text of each file whose text changes. */
  readonly changed: readonly { readonly file: string; readonly text: string }[];
  /** Files that are formatted as they are. */
  readonly unchanged: readonly string[];
  readonly problems: readonly Problem[];
}

/** As `cedar format` and the editors have it, so that none undoes what another did. */
const LINE_WIDTH = 80;
const INDENT_WIDTH = 2;
const MAX_ROUNDS = 5;

/**
 * Formats *.cedar by Cedar's own formatter. Whatever that is, nothing is lost to it: a file is only changed where each of its
 * policies has the same JSON form, annotations included, and the same comments as before, and formatting again changes nothing.
 */
export function formatBundle(files: BundleFiles, cedar: Cedar): FormatReport {
  const problems = createProblems();
  const changed: { file: string; text: string }[] = [];
  const unchanged: string[] = [];

  for (const path of [...files.keys()].filter(isPolicyPath).sort(compareText)) {
    const source = decodeSource(path, files.get(path) ?? new Uint8Array());
    if (source === undefined) {
      problems.of(path, 'not_utf8', 'not UTF-8 without a byte order mark');
      continue;
    }

    const text = formatFile(source, cedar, problems);
    if (text === undefined) continue;
    if (text === source.text) unchanged.push(path);
    else changed.push({ file: path, text });
  }

  return { changed, unchanged, problems: problems.sorted() };
}

function formatFile(source: Source, cedar: Cedar, problems: Problems): string | undefined {
  const before = splitPolicies(source.text);
  if (!isReadable(source, before, problems)) return undefined;

  const text = formatToTheEnd(source, cedar, problems);
  if (text === undefined) return undefined;

  const after = splitPolicies(text);
  const difference = differenceOf(before, after, cedar);
  if (difference === undefined) return text;

  problems.at(
    source,
    difference.at,
    'format_refused',
    `left as it is: Cedar's formatter ${difference.what}`,
    {
      help: 'this is a fault of the formatter; rewrite the policy, or format this file by hand',
    },
  );

  return undefined;
}

/** Cedar has no guard on its stack, so what is too large or too deep for it is not shown to it. */
function isReadable(source: Source, pieces: readonly Piece[], problems: Problems): boolean {
  const errors = problems.errors;

  for (const { head, end, nesting, deepest } of pieces) {
    const at = { start: head, end: head + 1 };
    if (Buffer.byteLength(source.text.slice(head, end)) > LIMITS.policy_bytes) {
      problems.at(
        source,
        at,
        'policy_too_large',
        `a policy is over the limit policy_bytes (${LIMITS.policy_bytes})`,
      );
    } else if (nesting > LIMITS.expression_nesting) {
      const message = `brackets and conditionals are nested ${nesting} deep, over the limit expression_nesting (${LIMITS.expression_nesting})`;
      problems.at(source, { start: deepest, end: deepest + 1 }, 'policy_too_deep', message);
    }
  }

  return problems.errors === errors;
}

/** Around comments, the formatter may want more than one go until it leaves its own work alone. */
function formatToTheEnd(source: Source, cedar: Cedar, problems: Problems): string | undefined {
  let text = askFormatter(source, cedar, problems);
  for (let round = 1; text !== undefined && round < MAX_ROUNDS; round += 1) {
    // What it does not even take again is found when the policies are compared.
    const again = askFormatter(createSource(source.path, text), cedar, createProblems());
    if (again === undefined || again === text) return text;
    text = again;
  }
  if (text !== undefined) {
    problems.at(
      source,
      undefined,
      'format_refused',
      "left as it is: Cedar's formatter comes to no end with it",
    );
  }

  return undefined;
}

function askFormatter(source: Source, cedar: Cedar, problems: Problems): string | undefined {
  const reply = cedar.ask('formatPolicies', formattingOf(source.text));
  if (reply.type === 'success')
    return `${String(reply.answer['formatted_policy']).trim()}\n`.replace(/^\n$/, '');

  if (reply.type === 'trap') {
    problems.at(
      source,
      undefined,
      'policy_traps',
      "Cedar's formatter cannot take this file: a policy in it is too deep",
    );
    return undefined;
  }
  for (const error of reply.errors) {
    const message = error.message.replace(/^cannot parse input policies: /, '');
    problems.at(source, spanOfError(error, source.text, 0), 'cedar_syntax', message, {
      help: error.sourceLocations?.[0]?.label ?? undefined,
    });
  }

  return undefined;
}

interface Difference {
  readonly what: string;
  readonly at: { readonly start: number; readonly end: number } | undefined;
}

/** The first policy that is not the same after formatting. */
function differenceOf(
  before: readonly Piece[],
  after: readonly Piece[],
  cedar: Cedar,
): Difference | undefined {
  const [old, formatted] = [before, after].map((pieces) => pieces.filter(({ blank }) => !blank)) as [
    Piece[],
    Piece[],
  ];
  if (old.length !== formatted.length) return { what: 'changes the number of policies', at: undefined };

  for (const [index, piece] of old.entries()) {
    const other = formatted[index];
    const at = { start: piece.head, end: piece.head + 1 };
    if (other === undefined || meaningOf(piece, cedar) !== meaningOf(other, cedar)) {
      return { what: 'changes the meaning of this policy', at };
    }
  }

  const [was, is] = [commentsByPiece(before), commentsByPiece(after)];
  if (jsonOf(was) === jsonOf(is)) return undefined;

  return { what: `loses or moves a comment${firstLost(was.flat(), is.flat())}`, at: undefined };
}

/** Its JSON form, annotations included; a text that Cedar does not take equals none. */
function meaningOf({ text, head, start, template }: Piece, cedar: Cedar): unknown {
  const reply = cedar.ask(template ? 'templateToJson' : 'policyToJson', text.slice(head - start));

  return reply.type === 'success' ? jsonOf(reply.answer['json']) : Symbol('unreadable');
}

/** The comments before and in each policy, and then those behind the last one. */
function commentsByPiece(pieces: readonly Piece[]): readonly (readonly string[])[] {
  const trailing = pieces.filter(({ blank }) => blank).flatMap(commentsOf);

  return [...pieces.filter(({ blank }) => !blank).map(commentsOf), trailing];
}

/** The comments of a piece in their order, without the white space that ends a line. */
function commentsOf({ text }: Piece): readonly string[] {
  const comments: string[] = [];
  let end = 0;
  const gap = (to: number): void => {
    for (const [comment] of text.slice(end, to).matchAll(/\/\/[^\n\r]*/g)) comments.push(comment.trimEnd());
  };
  for (const token of readTokens(text)) {
    gap(token.start);
    end = token.end;
  }
  gap(text.length);

  return comments;
}

function firstLost(before: readonly string[], after: readonly string[]): string {
  const lost = before.find((comment, at) => after[at] !== comment);

  return lost === undefined ? '' : `: ${lost}`;
}

/** What `formatPolicies` takes. */
export function formattingOf(policyText: string): unknown {
  return { policyText, lineWidth: LINE_WIDTH, indentWidth: INDENT_WIDTH };
}
