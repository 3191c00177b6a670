import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { ProposalAnswer } from './answers.ts';
import * as glass from './glass-answers.ts';
import { CLOSE_GLASS, GLASSES_QUERY, OPEN_GLASS } from './glass-bodies.ts';
import { ADMIN_SERVER, answer, json, operation, pathParameter } from './openapi-parts.ts';

const PATH = '/v1/stores/{store}/break-glass';

/** The operations on break-glass. */
export const GLASS_PATHS: ZodOpenApiPathsObject = {
  [PATH]: {
    ...ADMIN_SERVER,
    ...pathParameter('store'),
    get: operation({
      operationId: 'listBreakGlass',
      summary: 'Lists break-glasses, those that are over too',
      requestParams: { query: GLASSES_QUERY },
      responses: { '200': answer('The break-glasses', glass.BreakGlassList) },
    }),
    post: operation({
      operationId: 'openBreakGlass',
      summary: 'Lets policies that name the fact `breakGlass` yield to some principals, for a while',
      description: '`too_large` where too many are open.',
      requestBody: json(OPEN_GLASS),
      responses: {
        '201': answer('It is open', glass.OpenedBreakGlass),
        '202': answer('It takes two persons, and waits for somebody else for an hour', ProposalAnswer),
      },
    }),
  },
  [`${PATH}/{id}/close`]: {
    ...ADMIN_SERVER,
    ...pathParameter('store', 'id'),
    post: operation({
      operationId: 'closeBreakGlass',
      summary: 'Ends a break-glass before its time is over; one person is enough',
      description: '`conflict` where it is over already.',
      requestBody: json(CLOSE_GLASS),
      responses: { '200': answer('It is closed', glass.ClosedBreakGlass) },
    }),
  },
  [`${PATH}/{id}/report`]: {
    ...ADMIN_SERVER,
    ...pathParameter('store', 'id'),
    get: operation({
      operationId: 'reportBreakGlass',
      summary: 'Sums up what was decided under a break-glass, as far as it is in the log now',
      responses: { '200': answer('The report', glass.BreakGlassReport) },
    }),
  },
};
