import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import { PdpError } from '../../engine/error.ts';
import type { LimitName } from '../../engine/limits.ts';
import { parseJson } from '../../engine/raw/json.ts';
import { isRawArray, type RawNode, RawObject } from '../../engine/raw/raw.ts';
import { readJsonBody } from '../wire/rest/body.ts';

export interface InputOptions {
  /** @defaultValue `body_bytes` */
  readonly limit?: LimitName;
  /** Members, at any depth, whose values stay exactly what was sent: Cedar JSON, for whoever knows its schema. */
  readonly asSent?: readonly string[];
}

/**
 * Reads an administrative JSON body by its schema.
 * @throws PdpError `invalid_request` naming the field, `too_large` over the body's limit.
 */
export async function readInput<T>(
  request: IncomingMessage,
  response: ServerResponse,
  schema: z.ZodType<T>,
  { limit = 'body_bytes', asSent = [] }: InputOptions = {},
): Promise<T> {
  const bytes = await readJsonBody(request, response, { limit });

  return parseInput(schema, toPlain(parseJson(bytes, ''), asSent));
}

/** Reads query parameters by their schema; each may stand once. @throws PdpError `invalid_request` naming the parameter. */
export function readQuery<T>(request: IncomingMessage, schema: z.ZodType<T>): T {
  const { searchParams } = new URL(request.url ?? '/', 'http://palisade');
  const names = [...searchParams.keys()];
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) {
    throw new PdpError('invalid_request', `${repeated} stands more than once`, { field: repeated });
  }

  return parseInput(schema, Object.fromEntries(searchParams));
}

function parseInput<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;

  const [first] = parsed.error.issues;
  const issue = first && closest(first);
  const field = issue?.path.join('.') || 'body';
  throw new PdpError('invalid_request', `${field}: ${issue?.message ?? 'is malformed'}`, { field });
}

/** Of several forms that a member may have, what is wrong with the one that was come nearest to. */
function closest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue;
  const below = issue.errors.flat().map((one) => ({ ...one, path: [...issue.path, ...one.path] }));
  const longest = below.toSorted((one, other) => one.path.length - other.path.length).at(-1);

  return longest === undefined ? issue : closest(longest);
}

function toPlain(node: RawNode, asSent: readonly string[]): unknown {
  if (isRawArray(node)) return node.map((element) => toPlain(element, asSent));
  if (!(node instanceof RawObject)) return node;

  return Object.fromEntries(
    [...node.entries].map(([name, value]) => [name, asSent.includes(name) ? value : toPlain(value, asSent)]),
  );
}
