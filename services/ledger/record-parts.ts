import { z } from 'zod';

// What members of records are made of. JSON Schema knows no bigint; what `meta` holds goes into the generated schema.

export const uint64 = z.bigint().nonnegative().meta({ type: 'integer', minimum: 0 });
export const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
export const uid = z.strictObject({ type: z.string(), id: z.string() });
