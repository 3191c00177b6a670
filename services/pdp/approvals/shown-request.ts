import type { ReadRequest } from '../../bundles/inform.ts';
import { shownUid } from '../../engine/value/shown-text.ts';
import { CedarRecord } from '../../engine/value/value.ts';
import { type ShownField, shownFields } from './shown-value.ts';

/** What would run, for people to read: all of it, but for what the bundle does not let approvers see. */
export interface ShownRequest {
  /** Cedar text, as are the entities below. */
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly context: readonly ShownField[];
  /** Those that the request brought along: the caller's own word. */
  readonly entities: readonly ShownEntity[];
}

export interface ShownEntity {
  readonly uid: string;
  readonly attributes: readonly ShownField[];
  readonly tags: readonly ShownField[];
  readonly parents: readonly string[];
}

/** @param redacted paths of the context that are not shown. */
export function shownRequest(
  { request, context, entities }: Pick<ReadRequest, 'request' | 'context' | 'entities'>,
  redacted: readonly string[],
): ShownRequest {
  return {
    principal: shownUid(request.principal),
    action: shownUid(request.action),
    resource: shownUid(request.resource),
    context: shownFields(context, redacted),
    entities: entities.map(({ uid, attributes, tags, parents }) => ({
      uid: shownUid(uid),
      attributes: shownFields(new CedarRecord(attributes)),
      tags: shownFields(new CedarRecord(tags)),
      parents: parents.map(shownUid).sort(),
    })),
  };
}
