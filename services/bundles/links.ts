import { PdpError } from '../engine/error.ts';
import { LIMITS } from '../engine/limits.ts';
import type { Policy } from '../engine/policy.ts';
import { parseJson } from '../engine/raw/json.ts';
import type { RawNode, RawUid } from '../engine/raw/raw.ts';
import type { Schema } from '../engine/schema/schema.ts';
import { readScope } from '../engine/slice/scope.ts';
import { obligationsOf } from './annotations.ts';
import { approvalOf } from './approvals/rule.ts';
import { LINKS_PATH } from './files.ts';
import { reportJson } from './json-place.ts';
import { POLICY_ID } from './manifest.ts';
import type { ParsedPolicy } from './policies.ts';
import type { Problems } from './problems.ts';
import { fieldOf, invalid, listOf, membersOf, stringOf, uidOf } from './raw-members.ts';
import { decodeSource } from './source.ts';

interface Templates {
  readonly byId: ReadonlyMap<string, ParsedPolicy>;
  /** Ids of policies, templates and the links so far. */
  readonly taken: Set<string>;
  readonly schema: Schema;
}

/**
 * Reads links.json: `[{"template_id": …, "id": …, "values": {"?principal": {"type": …, "id": …}}}]`. Cedar's validator does not
 * look at the values of slots, so they are checked against the schema here.
 */
export function readLinks(
  bytes: Uint8Array,
  policies: readonly ParsedPolicy[],
  schema: Schema,
  problems: Problems,
): readonly Policy[] {
  const source = decodeSource(LINKS_PATH, bytes);
  if (source === undefined) {
    problems.of(LINKS_PATH, 'not_utf8', 'not UTF-8 without a byte order mark');
    return [];
  }

  const templates: Templates = {
    byId: new Map(
      policies.flatMap((policy) => (policy.slots.length > 0 ? [[policy.id, policy] as const] : [])),
    ),
    taken: new Set(policies.map(({ id }) => id)),
    schema,
  };
  const links: Policy[] = [];
  const collect = (read: () => void): void => {
    try {
      read();
    } catch (error) {
      if (!(error instanceof PdpError)) throw error;
      reportJson(source, error, 'link_invalid', problems);
    }
  };

  collect(() => {
    const items = listOf(parseJson(source.text, ''), '');
    if (policies.length + items.length > LIMITS.policies) {
      throw invalid('', `has more links than the limit policies (${LIMITS.policies}) leaves room for`);
    }
    for (const [index, item] of items.entries())
      collect(() => links.push(readLink(item, `[${index}]`, templates)));
  });

  return links;
}

function readLink(raw: RawNode, field: string, { byId, taken, schema }: Templates): Policy {
  const members = membersOf(raw, field, { required: ['template_id', 'id', 'values'] });
  const id = stringOf(members.get('id'), `${field}.id`);
  const templateId = stringOf(members.get('template_id'), `${field}.template_id`);
  const template = byId.get(templateId);

  if (!POLICY_ID.test(id)) throw invalid(`${field}.id`, 'is not a policy id');
  if (taken.has(id)) throw invalid(`${field}.id`, `is used twice: ${id}`);
  if (template === undefined) throw invalid(`${field}.template_id`, 'names no template of this bundle');
  taken.add(id);

  const values = readValues(members.get('values') ?? null, `${field}.values`, template.slots, schema);

  return {
    id,
    effect: template.effect,
    annotations: { ...template.annotations, id },
    obligations: obligationsOf(template.annotations),
    approval: approvalOf(template.annotations),
    scope: readScope(template.scope, values),
    literals: template.literals,
    work: template.work,
    condition: template.condition,
    source: { kind: 'link', templateId, templateText: template.text, values },
  };
}

function readValues(
  raw: RawNode,
  field: string,
  slots: readonly string[],
  schema: Schema,
): Readonly<Record<string, RawUid>> {
  const members = membersOf(raw, field, { required: slots });

  return Object.fromEntries(
    slots.map((slot) => {
      const at = fieldOf(field, slot);
      const uid = uidOf(members.get(slot), at);
      const type = schema.entityTypes.get(uid.type);
      if (type === undefined) throw invalid(`${at}.type`, `names no entity type of the schema: ${uid.type}`);
      if (type.enumIds?.has(uid.id) === false) throw invalid(`${at}.id`, `is no ${uid.type} of the schema`);

      return [slot, uid];
    }),
  );
}
