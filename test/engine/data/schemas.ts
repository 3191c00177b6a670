import { createCedarInstance } from '../../../services/engine/cedar/instance.ts';
import { readSchema } from '../../../services/engine/schema/read.ts';
import type { ActionType, Schema } from '../../../services/engine/schema/schema.ts';

const cedar = createCedarInstance();

/** The schema of a text, which Cedar must accept. */
export function schemaOf(text: string): Schema {
  const check = cedar.call('checkParseSchema', text) as { readonly type: string };
  if (check.type !== 'success') throw new Error(`Cedar refuses this schema: ${JSON.stringify(check)}`);
  const { json } = cedar.call('schemaToJsonWithResolvedTypes', text) as { readonly json: unknown };

  return readSchema(json);
}

export function actionOf(schema: Schema, key: string): ActionType {
  const action = schema.actions.get(key);
  if (action === undefined) throw new Error(`no action ${key}`);

  return action;
}
