import { PdpError } from '../error.ts';
import { LIMITS } from '../limits.ts';
import { STEP, type Steps } from '../steps.ts';
import { JsonReader } from './json-reader.ts';
import type { RawNode } from './raw.ts';

/** What one JSON text may hold; see `limits.ts`. */
export interface JsonLimits {
  readonly json_depth: number;
  readonly string_bytes: number;
  readonly record_fields: number;
}

/**
 * Reads one JSON text, exactly: RFC 8259 in UTF-8, and nothing that could mean two things. Refused are a byte order mark, bytes
 * that are not UTF-8, U+FFFD, lone surrogates, repeated names (also spelled with escapes) and anything over the limits. A
 * 64-bit integer is a `bigint`; another number stays text. Linear in time, and no deeper on the stack than `json_depth`.
 *
 * @param what the root of error fields: `context` gives `context.input.amount`; empty gives `input.amount`.
 * @throws PdpError `invalid_request` or `too_large`.
 */
export function parseJson(bytes: Uint8Array | string, what: string, limits: JsonLimits = LIMITS): RawNode {
  return new JsonReader(typeof bytes === 'string' ? bytes : decode(bytes, what), what, limits).read();
}

/**
 * Reads a JSON text of our own or of a checked bundle, whose size is capped elsewhere: as {@link parseJson}, with strings and
 * objects of any size. The depth stays bounded.
 */
export function parseTrustedJson(text: string, what = 'json'): RawNode {
  return parseJson(text, what, TRUSTED);
}

/** The same of a list, for whoever serves meanwhile. */
export function* parseTrustedListInSteps(text: string, what = 'json'): Steps<readonly RawNode[]> {
  const elements: RawNode[] = [];
  for (const element of new JsonReader(text, what, TRUSTED).readElements()) {
    elements.push(element);
    if (elements.length % STEP === 0) yield;
  }

  return elements;
}

const TRUSTED: JsonLimits = {
  json_depth: LIMITS.json_depth,
  string_bytes: Number.POSITIVE_INFINITY,
  record_fields: Number.POSITIVE_INFINITY,
};

// `ignoreBOM` keeps a mark in the text, where the grammar then refuses it.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array, what: string): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new PdpError('invalid_request', `${what || 'the text'} is not valid UTF-8`, { field: what, cause });
  }
}
