import type { CompiledBundle } from '../../bundles/compile.ts';
import type { AskedRequest, ReadRequest } from '../../bundles/inform.ts';
import type { Entity } from '../../engine/data/entities.ts';
import { PdpError } from '../../engine/error.ts';
import { type RawNode, RawObject, type RawUid } from '../../engine/raw/raw.ts';
import { CedarSet, EntityUid, idOfKey, typeOfKey, uidKey, type Value } from '../../engine/value/value.ts';
import { uidText } from '../../store/approvals/ask.ts';
import type { Approval } from '../../store/approvals/read.ts';
import { ANSWER } from '../admin/actions.ts';
import type { AdminVerdict, SystemBundle } from '../admin/system-bundle.ts';

/** Whether one person may answer one question. */
export interface AnswerJudgement {
  readonly verdict: AdminVerdict;
  /** Those of the groups that the question wants that the person is in. */
  readonly groups: readonly string[];
}

/** Who is to be judged. */
export interface Answering {
  readonly person: RawUid;
  /** Of the credential that speaks for them. */
  readonly subject: string;
}

/**
 * Decides by the built-in bundle whether a person may answer a question. Of the person counts what the bundle that asked and its store say,
 * never what the request brought along; of the agent whatever the request was judged by.
 * @param known what the bundle and the store hold, by key.
 * @param asked the request, as it was judged.
 */
export function judgeAnswer(
  system: Pick<SystemBundle, 'judge'>,
  approval: Approval,
  { person, subject }: Answering,
  known: (key: string) => Entity | undefined,
  asked: Pick<ReadRequest, 'request'>,
): AnswerJudgement {
  const key = uidKey(person.type, person.id);
  const above = known(key)?.ancestors ?? NOBODY;
  const own = new Set([uidText(person), ...[...above].map(columnKey)]);
  const groups = approval.groups.map(({ group }) => group).filter((group) => own.has(group));
  const { principal, entity } = asked.request;
  const question: AskedRequest = {
    principal: { type: PERSON, id: key },
    action: { type: 'Palisade::Action', id: ANSWER },
    resource: { type: APPROVAL, id: approval.approval_id },
    context: object({ credential: subject }),
    entities: [
      object({
        uid: uid(PERSON, key),
        attrs: object({}),
        parents: groups.map((group) => uid(GROUP, group)),
      }),
      object({
        uid: uid(APPROVAL, approval.approval_id),
        attrs: object({
          groups: approval.groups.map(({ group }) => reference(GROUP, group)),
          principal: reference(PERSON, principal.key),
          owners: ownersOf(entity(principal.key), person).map((owner) => reference(PERSON, owner)),
          credential: approval.subject,
        }),
        parents: [],
      }),
    ],
  };

  return { verdict: system.judge(question), groups };
}

/**
 * The entities of the bundle that asked, if it still decides in its store.
 * @throws PdpError `conflict` where it does not: whatever people say of the request, it would not be judged by that bundle any more.
 */
export function requireServed(
  bundles: readonly (CompiledBundle | undefined)[],
  { bundle_digest: digest, store }: Approval,
): CompiledBundle {
  const bundle = bundles.find((one) => one?.ref.digest === digest);
  if (bundle !== undefined) return bundle;

  throw new PdpError(
    'conflict',
    `the store ${store} does not run the bundle any more that asked: an approval would be good for nothing`,
  );
}

const PERSON = 'Palisade::Person';
const GROUP = 'Palisade::Group';
const APPROVAL = 'Palisade::Approval';
const NOBODY: ReadonlySet<string> = new Set();

/** Attributes that say to whom an agent belongs. A text may be any entity's id, so it is the person's where it is theirs. */
function ownersOf(agent: Entity | undefined, person: RawUid): readonly string[] {
  return ['owner', 'owners'].flatMap((name) => ownersIn(agent?.attributes.get(name), person));
}

function ownersIn(value: Value | undefined, person: RawUid): readonly string[] {
  if (value instanceof CedarSet) return value.elements.flatMap((one) => ownersIn(one, person));
  if (value instanceof EntityUid) return [value.key];

  return typeof value === 'string' && value === person.id ? [uidKey(person.type, person.id)] : [];
}

function columnKey(key: string): string {
  return uidText({ type: typeOfKey(key), id: idOfKey(key) });
}

function uid(type: string, id: string): RawNode {
  return object({ type, id });
}

function reference(type: string, id: string): RawNode {
  return object({ __entity: uid(type, id) });
}

function object(members: Readonly<Record<string, RawNode>>): RawObject {
  return new RawObject(new Map(Object.entries(members)));
}
