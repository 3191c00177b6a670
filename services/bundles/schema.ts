import type { DetailedError } from '@cedar-policy/cedar-wasm/nodejs';
import { FACTS_ATTRIBUTE } from '../engine/facts/assert.ts';
import { FACT_SHAPES, isFactName, isFactType, isOptionalFact } from '../engine/facts/shape.ts';
import { exceedsLimit, LIMITS } from '../engine/limits.ts';
import { readSchema } from '../engine/schema/read.ts';
import type { ActionType, Schema } from '../engine/schema/schema.ts';
import { type Cedar, helpOf, spanOfError } from './cedar.ts';
import { SCHEMA_PATH } from './files.ts';
import { escapeControls } from './problem.ts';
import type { Problems } from './problems.ts';
import { schemaNesting } from './scan.ts';
import { expandedSchemaSize } from './schema-weight.ts';
import { decodeSource, type Source, type Span } from './source.ts';

/** The schema of a bundle in the three forms that it is needed in. */
export interface ParsedSchema {
  readonly text: string;
  /** Answer of `schemaToJsonWithResolvedTypes`: plain data that crosses threads. */
  readonly resolved: unknown;
  readonly schema: Schema;
}

/**
 * Reads and checks schema.cedarschema: within the limits before Cedar sees it (it traps on deep nesting and expands common
 * types in full), then by Cedar's own check, then what it says of facts.
 */
export function readBundleSchema(
  bytes: Uint8Array,
  cedar: Cedar,
  problems: Problems,
): ParsedSchema | undefined {
  if (bytes.length > LIMITS.schema_bytes) {
    problems.of(SCHEMA_PATH, 'file_too_large', exceedsLimit('schema_bytes', 'the schema').message);
    return undefined;
  }

  const source = decodeSource(SCHEMA_PATH, bytes);
  if (source === undefined) {
    problems.of(SCHEMA_PATH, 'not_utf8', 'not UTF-8 without a byte order mark');
    return undefined;
  }
  if (!isReadable(source, problems)) return undefined;

  // `schemaToJsonWithResolvedTypes` lets pass cycles and shadowing that `checkParseSchema` refuses.
  if (!isAccepted(source, cedar, problems)) return undefined;

  const reply = cedar.ask('schemaToJsonWithResolvedTypes', source.text);
  if (reply.type !== 'success') {
    problems.at(source, undefined, 'schema_invalid', 'Cedar cannot resolve the types of this schema');
    return undefined;
  }

  for (const warning of reply.answer['warnings'] as readonly DetailedError[]) {
    report(warning, source, problems, 'schema_warning');
  }
  const resolved = reply.answer['json'];
  const schema = readSchema(resolved);
  checkNames(schema, source, problems);
  checkEnvironments(schema, source, problems);
  for (const action of schema.actions.values()) checkFacts(action, source, problems);

  return { text: source.text, resolved, schema };
}

function isReadable(source: Source, problems: Problems): boolean {
  const { nesting, deepest } = schemaNesting(source.text);
  if (nesting > LIMITS.json_depth) {
    const message = `types are nested ${nesting} deep, over the limit json_depth (${LIMITS.json_depth})`;
    problems.at(source, { start: deepest, end: deepest + 1 }, 'schema_invalid', message);
    return false;
  }

  if (expandedSchemaSize(source.text) > LIMITS.schema_expansion) {
    const message = `common types expand to more than the limit schema_expansion (${LIMITS.schema_expansion}) admits`;
    problems.at(source, undefined, 'schema_invalid', message);
    return false;
  }

  return true;
}

function isAccepted(source: Source, cedar: Cedar, problems: Problems): boolean {
  const reply = cedar.ask('checkParseSchema', source.text);
  if (reply.type === 'success') return true;

  if (reply.type === 'trap')
    problems.at(source, undefined, 'schema_invalid', 'Cedar cannot parse this schema: it is too deep');
  else for (const error of reply.errors) report(error, source, problems, 'schema_invalid');

  return false;
}

function report(
  error: DetailedError,
  source: Source,
  problems: Problems,
  code: 'schema_invalid' | 'schema_warning',
): void {
  problems.at(source, spanOfError(error, source.text, 0), code, error.message, {
    severity: code === 'schema_invalid' ? 'error' : 'warning',
    help: helpOf(error),
  });
}

/** Names that go into records, metrics and terminals are short and printable. */
function checkNames(schema: Schema, source: Source, problems: Problems): void {
  const names = [...schema.entityTypes.keys(), ...[...schema.actions.values()].map(({ uid }) => uid.id)];

  for (const name of names) {
    if (name !== '' && Buffer.byteLength(name) <= LIMITS.identifier_bytes && escapeControls(name) === name)
      continue;
    const message = `${JSON.stringify(name.slice(0, 64))} must be 1 to ${LIMITS.identifier_bytes} bytes, all printable`;
    problems.at(source, undefined, 'schema_invalid', message);
  }
}

/** Cedar validates a policy once for each combination of principal type, action and resource type. */
function checkEnvironments(schema: Schema, source: Source, problems: Problems): void {
  let environments = 0;
  for (const { principalTypes, resourceTypes } of schema.actions.values()) {
    environments += principalTypes.size * resourceTypes.size;
  }
  if (environments <= LIMITS.request_environments) return;

  const { message } = exceedsLimit(
    'request_environments',
    'the number of principal, action and resource types',
  );
  problems.at(source, undefined, 'schema_invalid', message);
}

/** `pdp` is what the server asserts, so an action may declare exactly facts that there are, with their types. */
function checkFacts(action: ActionType, source: Source, problems: Problems): void {
  const declared = action.context.attributes.get(FACTS_ATTRIBUTE);
  if (declared === undefined) return;

  const refuse = (message: string): void => {
    const text = `${FACTS_ATTRIBUTE} of the action ${JSON.stringify(action.uid.id)} ${message}`;
    problems.at(source, wordSpan(source, FACTS_ATTRIBUTE), 'fact_invalid', text, {
      help: `facts are: ${Object.keys(FACT_SHAPES).join(', ')}; docs/bundle-format.md has their types`,
    });
  };

  if (declared.type.kind !== 'record') {
    refuse('must be a record');
    return;
  }
  if (!declared.required) refuse('must be required: the server always asserts it');
  for (const [name, { type, required }] of declared.type.attributes) {
    if (!isFactName(name)) refuse(`declares ${JSON.stringify(name)}, which is no fact`);
    else if (!isFactType(name, type)) refuse(`declares ${name} with another type`);
    else if (required === isOptionalFact(name)) {
      refuse(
        required
          ? `declares ${name} as required: write "${name}?", since it is there only where people have acted`
          : `declares ${name} as optional: the server always asserts it`,
      );
    }
  }
}

function wordSpan(source: Source, word: string): Span | undefined {
  const found = new RegExp(`^[^/\\n]*?\\b(${word})\\b`, 'dm').exec(source.text)?.indices?.[1];

  return found === undefined ? undefined : { start: found[0], end: found[1] };
}
