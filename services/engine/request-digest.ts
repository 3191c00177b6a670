import { hash } from 'node:crypto';
import { canonicalContent, type LoneEntity } from './data/entity.ts';
import { canonicalObject, quote } from './value/canonical.ts';
import type { CedarRecord, EntityUid } from './value/value.ts';

/** What a request is identified by: who asked, where, for which run, what, and which bundle was to answer. */
export interface DigestedRequest {
  /** The credential's stable name, never its token. */
  readonly subject: string;
  /** Name of the policy store. */
  readonly store: string;
  /** Empty: no run. */
  readonly runId: string;
  readonly principal: EntityUid;
  readonly action: EntityUid;
  readonly resource: EntityUid;
  /** As the caller sent it: without `pdp`. */
  readonly context: CedarRecord;
  /** Those that the request supplied, each once; their order means nothing. */
  readonly entities: readonly LoneEntity[];
  /** Digest of the bundle, `sha256:<64 hex>`. */
  readonly bundle: string;
}

/**
 * The digest of a request: `sha256:` and the hex of SHA-256 over {@link requestText} in UTF-8.
 *
 * Equal for requests that mean the same, whatever their transport, spelling and order; different for all others.
 */
export function requestDigest(request: DigestedRequest): string {
  return `sha256:${hash('sha256', requestText(request), 'hex')}`;
}

/**
 * The RFC 8785 text that is hashed. Cedar values are tagged arrays, see `canonicalOf`; names of Palisade's own are plain strings.
 * Entities are members by their key, `Type::"id"` with the id as it is, unescaped but for JSON.
 *
 * @example
 * Agent::"bot" asks for Action::"read" on File::"a" with the context {"n": 5}, supplying its own entity, in group Team::"x":
 * ```json
 * {"action":["e","Action","read"],"bundle":"sha256:00…","context":["R",{"n":["l","5"]}],
 *  "entities":{"Agent::\"bot\"":{"attrs":["R",{}],"parents":["S",[["e","Team","x"]]],"tags":["R",{}]}},
 *  "principal":["e","Agent","bot"],"resource":["e","File","a"],"run_id":"","store":"default","subject":"runtime-1"}
 * ```
 * without the line breaks and the spaces between lines.
 */
export function requestText(request: DigestedRequest): string {
  const entities = new Map(request.entities.map((entity) => [entity.uid.key, entity]));

  // Members stand in the order of RFC 8785, section 3.2.3.
  return `{"action":${request.action.canonical()},"bundle":${quote(request.bundle)},"context":${request.context.canonical()},"entities":${canonicalObject(
    entities,
    canonicalContent,
  )},"principal":${request.principal.canonical()},"resource":${request.resource.canonical()},"run_id":${quote(
    request.runId,
  )},"store":${quote(request.store)},"subject":${quote(request.subject)}}`;
}
