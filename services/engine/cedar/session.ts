import type { Entity } from '../data/entities.ts';
import type { EvaluationRequest } from '../evaluator.ts';
import type { Policy } from '../policy.ts';
import { authorizationText } from './call-text.ts';
import { CedarText, createCedarInstance } from './instance.ts';
import { createSliceCache } from './slice-cache.ts';

/** One cedar-wasm instance with one schema and the sets parsed so far; thrown away whole after a trap. */
export interface CedarSession {
  /** Cedar's raw answer over the set. */
  authorize(
    request: EvaluationRequest,
    entities: readonly Entity[],
    key: string,
    policies: readonly Policy[],
  ): unknown;
  /** Makes the first call, which compiles wasm functions and takes 15 to 26 ms, before a request waits for it. */
  warmUp(): void;
}

const SCHEMA = 'schema';

/** @throws Error where Cedar refuses the schema, CedarTrap where it traps on it. */
export function createCedarSession(schemaText: string): CedarSession {
  const instance = createCedarInstance();
  const parsed = instance.call('preparseSchema', SCHEMA, new CedarText(JSON.stringify(schemaText)));
  if (!isSuccess(parsed)) throw new Error('Cedar refused a checked schema', { cause: parsed });

  const cache = createSliceCache(instance);

  return {
    authorize(request, entities, key, policies) {
      const set = cache.nameOf(key, policies);

      return instance.call(
        'statefulIsAuthorized',
        new CedarText(authorizationText(request, entities, set, SCHEMA)),
      );
    },
    warmUp() {
      const set = cache.nameOf('', []);
      const nobody = '{"type":"Nobody","id":""}';
      instance.call(
        'statefulIsAuthorized',
        new CedarText(
          `{"principal":${nobody},"action":${nobody},"resource":${nobody},"context":{},"entities":[],"preparsedPolicySetId":"${set}","preparsedSchemaName":"${SCHEMA}"}`,
        ),
      );
    },
  };
}

function isSuccess(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && 'type' in answer && answer.type === 'success';
}
