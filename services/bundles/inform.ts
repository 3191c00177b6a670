import { readContext } from '../engine/data/context.ts';
import { type Entity, readEntities } from '../engine/data/entities.ts';
import { checkRequest } from '../engine/data/request.ts';
import { PdpError } from '../engine/error.ts';
import type { EvaluationRequest } from '../engine/evaluator.ts';
import { assertedFacts, FACTS_ATTRIBUTE, type Facts, withFacts } from '../engine/facts/assert.ts';
import { checkCount } from '../engine/raw/count.ts';
import {
  type RawNode,
  RawObject,
  type RawUid,
  type TypedEntityInput,
  TypedRecord,
} from '../engine/raw/raw.ts';
import type { CedarRecord, EntityUid } from '../engine/value/value.ts';
import type { BundleAction, CompiledBundle } from './compile.ts';
import { hasContent } from './content.ts';
import { isNormalId, NOT_NORMAL } from './normal-form.ts';
import type { StoredEntities } from './stored/stored-entities.ts';

/** What a caller asks, decoded but not trusted. */
export interface AskedRequest {
  readonly principal: RawUid;
  readonly action: RawUid;
  readonly resource: RawUid;
  readonly context: RawNode;
  readonly entities: RawNode | readonly TypedEntityInput[];
}

/** A request in Cedar values, with everything that its bundle lets it see. */
export interface InformedRequest {
  readonly request: EvaluationRequest;
  /** As the caller sent it, without facts. */
  readonly context: CedarRecord;
  /** Those that the request supplied. */
  readonly entities: readonly Entity[];
  /** The facts that the action declares. */
  readonly facts: Facts;
}

/** A request in Cedar values before the facts are asserted. */
export interface ReadRequest extends Omit<InformedRequest, 'facts'> {
  readonly action: BundleAction;
}

/** What is known of a request beforehand. */
export interface InformOptions {
  /**
   * Whether this was read back from a record. Its explicit JSON has up to five values where the caller sent one, so they were counted
   * when it was asked, and are not counted again.
   */
  readonly recorded?: boolean;
  /** What the store holds; needed where the bundle reads it. */
  readonly stored?: StoredEntities;
}

/**
 * Checks a request against the bundle's schema and entity sources, and lays what the store and the bundle hold and the facts under it.
 * @param facts called with the facts that the action declares; asked for nothing else.
 * @throws PdpError `invalid_request` or `too_large`, naming the field; `unavailable` where the bundle reads the store and its entities are not at hand.
 */
export function informRequest(
  bundle: CompiledBundle,
  asked: AskedRequest,
  facts: (names: BundleAction['facts']) => Facts,
  options: InformOptions = {},
): InformedRequest {
  return assertFacts(readRequest(bundle, asked, options), facts);
}

/**
 * The first half of {@link informRequest}, for facts that have to be fetched by what the request says.
 * @throws PdpError as it does.
 */
export function readRequest(
  bundle: CompiledBundle,
  asked: AskedRequest,
  { recorded = false, stored }: InformOptions = {},
): ReadRequest {
  const { schema } = bundle;
  const checked = checkRequest(schema, asked);
  const { uid } = checked.action;
  const action = bundle.actions.get(uid.key);
  if (action === undefined) throw new PdpError('internal', 'an action without its context');

  refuseFacts(asked.context);
  if (!recorded) checkCount(asked.context, asked.entities);
  const context = readContext(schema, action.forCaller, asked.context);
  const entities = readEntities(schema, asked.entities);
  const supplied = new Map<string, Entity>();
  for (const entity of entities) supplied.set(entity.uid.key, entity);
  const request: EvaluationRequest = {
    principal: checked.principal,
    action: uid,
    resource: checked.resource,
    context,
    entity: lookupOf(bundle, supplied, stored),
  };

  requireNormal(request.principal, () => 'principal');
  requireNormal(request.resource, () => 'resource');
  entities.forEach((entity, index) => {
    checkSource(bundle, request, entity, index);
  });
  requirePresent(bundle, request, request.principal, () => 'principal');
  requirePresent(bundle, request, request.resource, () => 'resource');

  return { action, request, context, entities };
}

/** The second half: lays the declared facts under it. */
export function assertFacts(
  { action, request, context, entities }: ReadRequest,
  facts: (names: BundleAction['facts']) => Facts,
): InformedRequest {
  if (action.facts.length === 0) return { request, context, entities, facts: NO_FACTS };
  const asserted = assertedFacts(action.declared, facts(action.facts));

  return {
    request: { ...request, context: withFacts(context, asserted) },
    context,
    entities,
    facts: asserted,
  };
}

type Seen = Pick<EvaluationRequest, 'entity'>;

const NO_FACTS: Facts = {};

/** Each type has one source, so no key stands in two of them. */
export function lookupOf(
  { entities, readsStore }: CompiledBundle,
  supplied: ReadonlyMap<string, Entity>,
  stored: StoredEntities | undefined,
): EvaluationRequest['entity'] {
  if (!readsStore) return (key) => supplied.get(key) ?? entities.get(key);
  // Decided without them, a forbid by what they say would be missed.
  if (stored === undefined) throw new PdpError('unavailable', 'the entities of the store are not at hand');

  return (key) => supplied.get(key) ?? stored.entity(key) ?? entities.get(key);
}

function refuseFacts(context: RawNode): void {
  const holdsFacts =
    context instanceof RawObject
      ? context.get(FACTS_ATTRIBUTE) !== undefined
      : context instanceof TypedRecord && context.fields.has(FACTS_ATTRIBUTE);
  if (holdsFacts) {
    throw new PdpError('invalid_request', 'context.pdp holds what the server asserts; leave it out', {
      field: `context.${FACTS_ATTRIBUTE}`,
    });
  }
}

/** Holds an entity that a request supplies to what a request may supply. @throws PdpError `invalid_request`. */
export function checkSource(bundle: CompiledBundle, request: Seen, entity: Entity, index: number): void {
  const source = bundle.sourceOf(entity.uid.type);
  if (source !== 'request') {
    const message = `entities of type ${entity.uid.type} come from the ${source}; leave them out`;
    throw new PdpError('invalid_request', message, { field: `entities[${index}]` });
  }

  const field = (): string => `entities[${index}]`;
  requireNormal(entity.uid, field);
  entity.parents.forEach((parent, position) => {
    const at = (): string => `${field()}.parents[${position}]`;
    requireNormal(parent, at);
    const owner = bundle.sourceOf(parent.type);
    if (owner !== 'request') {
      const message = `a request cannot put an entity under ${parent.type}, which the ${owner} owns`;
      throw new PdpError('invalid_request', message, { field: at() });
    }
    requirePresent(bundle, request, parent, at);
  });
}

/** @throws PdpError `invalid_request` for an id in another spelling. */
export function requireNormal({ id }: EntityUid, field: () => string): void {
  if (!isNormalId(id)) throw new PdpError('invalid_request', `${field()} ${NOT_NORMAL}`, { field: field() });
}

/** Were it left out, policies would see an entity without attributes and ancestors, and a forbid on them would not match. */
export function requirePresent(
  bundle: CompiledBundle,
  request: Seen,
  uid: EntityUid,
  field: () => string,
): void {
  if (request.entity(uid.key) !== undefined || !hasContent(bundle.schema, uid.type)) return;

  const source = bundle.sourceOf(uid.type);
  const remedy = source === 'request' ? 'send it in entities' : `the ${source} does not know it`;
  throw new PdpError(
    'invalid_request',
    `${field()} has a type with attributes or parents, and is missing: ${remedy}`,
    {
      field: field(),
    },
  );
}
