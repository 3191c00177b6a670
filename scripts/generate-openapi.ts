/** Writes docs/openapi.json from the schemas that the REST transport reads requests with. */
import { writeFileSync } from 'node:fs';
import { DECISION_PATHS, openApiDocument } from '../services/pdp/wire/rest/openapi.ts';

writeFileSync(new URL('../docs/openapi.json', import.meta.url), openApiDocument(DECISION_PATHS));
