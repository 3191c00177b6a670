import { readFileSync } from 'node:fs';
import * as z from 'zod';

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

type Schema = Readonly<Record<string, unknown>>;

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { schema: Schema }>> }>
  >;
}

const { paths, components } = JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Schema };
};

const $defs = closed(components.schemas) as Record<string, z.core.JSONSchema.JSONSchema>;
const readers = new Map<Schema, z.ZodType>();

/**
 * Holds an answer in JSON to what docs/openapi.json says of its operation: no member may be missing, of another type, or be there
 * without being documented.
 * @throws Error that says what is not as documented.
 */
export function assertDocumented(method: string, path: string, { status, type, text }: Answer): void {
  const operation = operationOf(method, path);
  if (operation === undefined) {
    if (status === 404 || status === 405) return;
    throw new Error(`${method} ${path} is not documented`);
  }

  const schema = operation.responses[status]?.content?.[type]?.schema;
  if (schema === undefined) throw new Error(`${method} ${path}: ${status} ${type} is not documented`);
  const read = readerOf(schema).safeParse(JSON.parse(text));
  if (!read.success) {
    throw new Error(
      `${method} ${path}: ${status} is not as documented: ${z.prettifyError(read.error)}\n${text}`,
    );
  }
}

/** Without its parameters, such as a charset. */
export function contentType(header: string | null | undefined): string {
  return (header ?? '').split(';')[0] ?? '';
}

/** Reads an answer of `fetch` as {@link assertDocumented} does, and gives its text. */
export async function documentedText(method: string, path: string, response: Response): Promise<string> {
  const text = await response.text();
  const type = contentType(response.headers.get('content-type'));
  assertDocumented(method, path, { status: response.status, type, text });

  return text;
}

function operationOf(method: string, path: string): Operation | undefined {
  const [bare = ''] = path.split('?');
  const found = Object.keys(paths).find((template) => {
    const pattern = template.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&').replaceAll(/\{\w+\}/g, '[^/]+');

    return new RegExp(`^${pattern}$`).test(bare);
  });

  return found === undefined ? undefined : paths[found]?.[method.toLowerCase()];
}

function readerOf(schema: Schema): z.ZodType {
  const known = readers.get(schema);
  if (known !== undefined) return known;

  const made = z.fromJSONSchema({ ...closed(schema), $defs });
  readers.set(schema, made);

  return made;
}

/** The same schemas, where an object has the members that are named and no others. */
function closed(schema: Schema): Schema {
  const text = JSON.stringify(schema, (_name, value: unknown) =>
    isRecord(value) && isRecord(value['properties']) && !('additionalProperties' in value)
      ? { ...value, additionalProperties: false }
      : value,
  );

  return JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')) as Schema;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
