import { ADMIN_PATHS } from '../services/pdp/admin/openapi.ts';
import { DECISION_PATHS, openApiDocument } from '../services/pdp/wire/rest/openapi.ts';

/** The OpenAPI document of all that Palisade serves over HTTP: the text of `/openapi.json`. */
export function generateOpenApi(): string {
  return openApiDocument(DECISION_PATHS, ADMIN_PATHS);
}
