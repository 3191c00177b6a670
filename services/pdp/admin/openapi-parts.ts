import type * as z from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiResponseObject } from 'zod-openapi';
import { PROBLEM_RESPONSES } from '../wire/rest/openapi.ts';

/** Where operations of administration are. */
export const ADMIN_SERVER = {
  servers: [{ url: 'http://127.0.0.1:7182', description: 'Administration' }],
};

/** Adds what every operation with a credential shares; its own responses go before the common problems. */
export function operation(own: ZodOpenApiOperationObject): ZodOpenApiOperationObject {
  return { security: [{ bearer: [] }], ...own, responses: { ...PROBLEM_RESPONSES, ...own.responses } };
}

export function answer(description: string, schema: z.ZodType): ZodOpenApiResponseObject {
  return { description, content: { 'application/json': { schema } } };
}

export function lines(description: string, schema: z.ZodType): ZodOpenApiResponseObject {
  return { description, content: { 'application/x-ndjson': { schema } } };
}

export function json(schema: z.ZodType) {
  return { required: true, content: { 'application/json': { schema } } };
}

export function pathParameter(...names: string[]) {
  return {
    parameters: names.map((name) => ({
      name,
      in: 'path' as const,
      required: true,
      schema: { type: 'string' as const },
    })),
  };
}
