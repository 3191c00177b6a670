import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { compileFunction } from 'node:vm';

/**
 * The functions of cedar-wasm 4.13 that Palisade calls.
 */
export type CedarFunction =
  | 'checkParseContext'
  | 'checkParseEntities'
  | 'checkParsePolicySet'
  | 'checkParseSchema'
  | 'formatPolicies'
  | 'getCedarLangVersion'
  | 'getCedarSDKVersion'
  | 'isAuthorized'
  | 'policyToJson'
  | 'preparsePolicySet'
  | 'preparseSchema'
  | 'schemaToJson'
  | 'schemaToJsonWithResolvedTypes'
  | 'statefulIsAuthorized'
  | 'templateToJson'
  | 'validate';

/**
 * JSON text that goes to Cedar as it is written, so that an integer of 64 bits never becomes a JavaScript number on the way.
 * A plain string argument stays a string.
 */
export class CedarText {
  readonly json: string;

  constructor(json: string) {
    this.json = json;
  }
}

/** One isolated cedar-wasm: its own memory, its own cache of preparsed sets. */
export interface CedarInstance {
  /**
   * Calls Cedar and gives its answer, integers beyond 2^53 as bigint.
   * @throws CedarTrap where the wasm trapped: the instance is dead from then on.
   * @throws Error where Cedar refused the shape of the call: the instance goes on.
   */
  call(fn: CedarFunction, ...args: readonly (CedarText | string)[]): unknown;
  readonly dead: boolean;
}

/** The wasm ran out of its stack or memory. It has no stack guard, so nothing of the instance can be trusted any more. */
export class CedarTrap extends Error {
  constructor(fn: CedarFunction, cause: unknown) {
    super(`Cedar trapped in ${fn}`, { cause });
    this.name = 'CedarTrap';
  }
}

type Glue = Readonly<Record<CedarFunction, (...args: readonly unknown[]) => unknown>>;

const PACKAGE = '@cedar-policy/cedar-wasm/nodejs';

const GLUE_SCOPE = ['exports', 'require', '__dirname', 'WebAssembly', 'JSON'];

let compiled: { readonly module: WebAssembly.Module; readonly glue: string } | undefined;

/** Instantiates cedar-wasm anew: 5 to 14 ms and about 4 MB, the module being compiled once per thread. */
export function createCedarInstance(): CedarInstance {
  const glue = instantiate();
  let dead = false;

  return {
    call(fn, ...args) {
      if (dead) throw new CedarTrap(fn, new Error('this instance trapped before'));

      try {
        return glue[fn](...args);
      } catch (thrown) {
        if (!isTrap(thrown)) throw thrown;
        dead = true;
        throw new CedarTrap(fn, thrown);
      }
    },
    get dead() {
      return dead;
    },
  };
}

/**
 * The package's own glue is evaluated once per instance, since it keeps one instance in module scope. It gets the shared
 * compiled module instead of compiling its own, and a JSON that passes text through unharmed.
 */
function instantiate(): Glue {
  compiled ??= load();
  const { module, glue } = compiled;
  const exports = {};
  const noFiles = () => ({ readFileSync: () => undefined });
  // `new Module(bytes)` gives the object that its constructor returns.
  const sharedWasm = {
    Module: function SharedModule() {
      return module;
    },
    Instance: WebAssembly.Instance,
  };
  compileFunction(glue, GLUE_SCOPE)(exports, noFiles, '', sharedWasm, LOSSLESS_JSON);

  return exports as Glue;
}

function load(): { module: WebAssembly.Module; glue: string } {
  const path = createRequire(import.meta.url).resolve(PACKAGE);
  const wasm = readFileSync(join(dirname(path), 'cedar_wasm_bg.wasm'));

  return { module: new WebAssembly.Module(wasm), glue: readFileSync(path, 'utf8') };
}

const LOSSLESS_JSON = {
  stringify(value: unknown): string | undefined {
    return value instanceof CedarText ? value.json : JSON.stringify(value);
  },
  parse(text: string): unknown {
    // The reviver costs as much as the parse itself, and no answer without a run of 16 digits needs it.
    return /\d{16}/.test(text) ? parseWithSource(text, keepExact) : JSON.parse(text);
  },
};

/** `JSON.parse` with the reviver's third argument (ECMAScript, "JSON.parse source text access"), which TypeScript lacks. */
type ExactParse = (
  text: string,
  reviver: (key: string, value: unknown, context?: Source) => unknown,
) => unknown;
const parseWithSource: ExactParse = JSON.parse;

interface Source {
  readonly source?: string;
}

function keepExact(_key: string, value: unknown, context?: Source): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;

  return BigInt(context?.source ?? Number.NaN);
}

/** A trap surfaces as either kind, depending on which stack ran out first; neither leaves the instance usable. */
function isTrap(thrown: unknown): boolean {
  return thrown instanceof WebAssembly.RuntimeError || thrown instanceof RangeError;
}
