import { uidOf } from '../support/question.ts';
import type { JsonMembers } from './agent/messages.ts';
import type { ToolCall } from './demo.ts';

/** A tool call as an AuthorizeRequest to a store. */
export function messageOf(asked: ToolCall, store: string): JsonMembers {
  const { principal, action, resource, context, entities, run, approval, members } = asked;

  return {
    principal: uidOf(principal),
    action: { type: 'Action', id: action },
    resource: uidOf(resource),
    ...(context === undefined ? {} : { context_json: JSON.stringify(context) }),
    ...(entities === undefined ? {} : { entities_json: JSON.stringify(entities) }),
    ...(run === undefined ? {} : { run: { run_id: run } }),
    ...(approval === undefined ? {} : { approval_id: approval }),
    policy_store: store,
    ...members,
  };
}
