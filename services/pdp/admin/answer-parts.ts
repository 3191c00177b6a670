import * as z from 'zod';
import type {} from 'zod-openapi';

// What the answers of administration are made of.

export const count = z.bigint().meta({ override: { type: 'integer', format: 'int64', minimum: 0 } });
export const time = z.string().meta({ format: 'date-time' });
export const digest = z.string().meta({ description: '`sha256:` and 64 hex digits.' });
