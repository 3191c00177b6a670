import type { Entity } from '../data/entities.ts';
import type { EvaluationRequest } from '../evaluator.ts';
import type { Policy } from '../policy.ts';
import { writeFields, writeValue } from '../value/cedar-json.ts';
import type { EntityUid } from '../value/value.ts';

/** The call object of `statefulIsAuthorized`, as JSON text; a call names its set and schema by their cached names. */
export function authorizationText(
  request: EvaluationRequest,
  entities: readonly Entity[],
  policySet: string,
  schema: string,
): string {
  const asked = requestText(request, entities, keptText).slice(0, -1);

  return `${asked},"preparsedPolicySetId":${JSON.stringify(policySet)},"preparsedSchemaName":${JSON.stringify(schema)},"validateRequest":true}`;
}

/** A policy set for `preparsePolicySet`, as JSON text: ids are given, since Cedar ignores `@id`. */
export function policySetText(policies: readonly Policy[]): string {
  const statics: string[] = [];
  const templates = new Map<string, string>();
  const links: string[] = [];

  for (const { id, source } of policies) {
    if (source.kind === 'static') {
      statics.push(`${JSON.stringify(id)}:${JSON.stringify(source.text)}`);
      continue;
    }
    templates.set(
      source.templateId,
      `${JSON.stringify(source.templateId)}:${JSON.stringify(source.templateText)}`,
    );
    links.push(
      `{"templateId":${JSON.stringify(source.templateId)},"newId":${JSON.stringify(id)},"values":${JSON.stringify(source.values)}}`,
    );
  }

  return `{"staticPolicies":{${statics.join()}},"templates":{${[...templates.values()].join()}},"templateLinks":[${links.join()}]}`;
}

/** What a request asked, complete and exact, as explicit Cedar JSON: enough to decide it again. */
export function requestText(
  request: Pick<EvaluationRequest, 'principal' | 'action' | 'resource' | 'context'>,
  entities: readonly Entity[],
  textOf: (entity: Entity) => string = entityText,
): string {
  return `{"principal":${uidText(request.principal)},"action":${uidText(request.action)},"resource":${uidText(
    request.resource,
  )},"context":${writeValue(request.context)},"entities":[${entities.map(textOf).join()}]}`;
}

const texts = new WeakMap<Entity, string>();

/** Bundle entities are sent to Cedar with many requests and never change, so their text is written once. */
function keptText(entity: Entity): string {
  const known = texts.get(entity);
  if (known !== undefined) return known;

  const text = entityText(entity);
  texts.set(entity, text);

  return text;
}

function entityText({ uid, attributes, parents, tags }: Entity): string {
  return `{"uid":${uidText(uid)},"attrs":${writeFields(attributes)},"parents":[${parents
    .map(uidText)
    .join()}],"tags":${writeFields(tags)}}`;
}

function uidText({ type, id }: Pick<EntityUid, 'type' | 'id'>): string {
  return `{"type":${JSON.stringify(type)},"id":${JSON.stringify(id)}}`;
}
