import type { DetailedError } from '@cedar-policy/cedar-wasm/nodejs';
import {
  type CedarFunction,
  type CedarInstance,
  CedarText,
  CedarTrap,
  createCedarInstance,
} from '../engine/cedar/instance.ts';
import { offsetOfByte, type Span } from './source.ts';

/** Cedar for reading bundles: what traps is told apart from what is refused, and the next call has a new instance. */
export interface Cedar {
  /** @param argument is sent as JSON, but for a schema to resolve, which is a text. */
  ask(fn: CedarFunction, argument: unknown): CedarReply;
  readonly version: { readonly language: string; readonly sdk: string };
}

export type CedarReply =
  | { readonly type: 'success'; readonly answer: Readonly<Record<string, unknown>> }
  | { readonly type: 'failure'; readonly errors: readonly DetailedError[] }
  | { readonly type: 'trap' };

const TAKES_TEXT: ReadonlySet<CedarFunction> = new Set(['schemaToJsonWithResolvedTypes']);

export function createCedar(): Cedar {
  let instance: CedarInstance = createCedarInstance();

  return {
    ask(fn, argument) {
      if (instance.dead) instance = createCedarInstance();

      try {
        return replyOf(
          instance.call(fn, typeof argument === 'string' && TAKES_TEXT.has(fn) ? argument : jsonOf(argument)),
        );
      } catch (thrown) {
        if (thrown instanceof CedarTrap) return { type: 'trap' };
        // Cedar throws where the call itself has no form that it reads: too deep, or a lone surrogate.
        return { type: 'failure', errors: [refusal(thrown instanceof Error ? thrown.message : 'refused')] };
      }
    },
    get version() {
      if (instance.dead) instance = createCedarInstance();

      return {
        language: String(instance.call('getCedarLangVersion')),
        sdk: String(instance.call('getCedarSDKVersion')),
      };
    },
  };
}

/** Where an error points to in `text`, which begins at `offset` of its file. Cedar counts UTF-8 bytes. */
export function spanOfError(
  error: Pick<DetailedError, 'sourceLocations'>,
  text: string,
  offset: number,
): Span | undefined {
  const location = error.sourceLocations?.[0];
  if (location === undefined) return undefined;

  return {
    start: offset + offsetOfByte(text, location.start),
    end: offset + offsetOfByte(text, location.end),
  };
}

/** Cedar's own advice: its help, and the labels of its places. */
export function helpOf(error: DetailedError): string | undefined {
  const labels = (error.sourceLocations ?? []).flatMap(({ label }) => label ?? []);
  const parts = [...labels, ...(error.help === null ? [] : [error.help])];

  return parts.length === 0 ? undefined : parts.join('; ');
}

function jsonOf(value: unknown): CedarText {
  return new CedarText(JSON.stringify(value));
}

function replyOf(answer: unknown): CedarReply {
  const { type, errors } = answer as { type?: unknown; errors?: unknown };
  if (type === 'success') return { type, answer: answer as Readonly<Record<string, unknown>> };
  if (type !== 'failure' || !Array.isArray(errors)) throw new Error('a Cedar answer of unknown type');

  return { type, errors: errors as readonly DetailedError[] };
}

function refusal(message: string): DetailedError {
  return { message, help: null, code: null, url: null, severity: 'error' };
}
