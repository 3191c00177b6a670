import type { ZodOpenApiPathsObject } from 'zod-openapi';
import * as answers from './answers.ts';
import { ADMIN_SERVER, answer } from './openapi-parts.ts';

/** What anybody may ask of a process: whether it runs, whether it decides, and its metrics. */
export const HEALTH_PATHS: ZodOpenApiPathsObject = {
  '/livez': {
    ...ADMIN_SERVER,
    get: {
      operationId: 'livez',
      summary: 'Says that the process runs',
      security: [],
      responses: { '200': answer('It runs', answers.Health) },
    },
  },
  '/metrics': {
    ...ADMIN_SERVER,
    get: {
      operationId: 'metrics',
      summary: 'Shows metrics for Prometheus; the page on telemetry lists them',
      security: [],
      responses: {
        '200': {
          description: 'OpenMetrics text where the request accepts it, else Prometheus text',
          content: {
            'text/plain': { schema: { type: 'string' } },
            'application/openmetrics-text': { schema: { type: 'string' } },
          },
        },
      },
    },
  },
  '/readyz': {
    ...ADMIN_SERVER,
    get: {
      operationId: 'readyz',
      summary: 'Says whether the process can decide',
      security: [],
      responses: {
        '200': answer('It can', answers.Health),
        '503': answer('It cannot, and why', answers.Health),
      },
    },
  },
};
