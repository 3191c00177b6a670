import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LoneEntity } from '../../services/engine/data/entity.ts';
import { callExtension } from '../../services/engine/extension/call.ts';
import { Datetime } from '../../services/engine/extension/datetime.ts';
import { parseDuration } from '../../services/engine/extension/duration.ts';
import { type DigestedRequest, requestDigest, requestText } from '../../services/engine/request-digest.ts';
import { CedarRecord, CedarSet, EntityUid, type Value } from '../../services/engine/value/value.ts';
import vectors from '../cases/request-digest.json' with { type: 'json' };
import { values } from './value/arbitrary-value.ts';

/** A value as the vectors have it: tagged, but with sets and names in any order. */
type Tagged = readonly [tag: string, ...content: readonly unknown[]];

const SMALLEST: DigestedRequest = {
  subject: 'runtime-1',
  store: 'default',
  runId: '',
  principal: new EntityUid('Agent', 'bot'),
  action: new EntityUid('Action', 'read'),
  resource: new EntityUid('File', 'a'),
  context: new CedarRecord(new Map()),
  entities: [],
  bundle: `sha256:${'0'.repeat(64)}`,
};

describe('the request digest', () => {
  test.each(vectors)('of $description is the published one', ({ request, text, digest }) => {
    const read = readRequest(request as unknown as VectorRequest);

    expect(requestText(read)).toBe(text);
    expect(requestDigest(read)).toBe(digest);
  });

  test('is another one for every vector', () => {
    expect(new Set(vectors.map(({ digest }) => digest)).size).toBe(vectors.length);
  });

  test('changes with every single part of the request', () => {
    const other = new EntityUid('Other', 'x');
    const entity: LoneEntity = { uid: other, attributes: new Map(), tags: new Map(), parents: [] };
    const changes: Partial<DigestedRequest>[] = [
      { subject: 'x' },
      { store: 'x' },
      { runId: 'x' },
      { principal: other },
      { action: other },
      { resource: other },
      { context: new CedarRecord(new Map([['x', true]])) },
      { entities: [entity] },
      { entities: [{ ...entity, attributes: new Map([['x', true]]) }] },
      { entities: [{ ...entity, tags: new Map([['x', true]]) }] },
      { entities: [{ ...entity, parents: [other] }] },
      { bundle: 'x' },
    ];
    const digests = [{}, ...changes].map((change) => requestDigest({ ...SMALLEST, ...change }));

    expect(new Set(digests).size).toBe(digests.length);
  });

  test('does not depend on the order in which entities, parents and fields came', () => {
    fc.assert(
      fc.property(fc.array(values, { minLength: 2, maxLength: 4 }), (some) => {
        const fields = some.map((value, index): [string, Value] => [`f${index}`, value]);
        const entities = some.map(
          (value, index): LoneEntity => ({
            uid: new EntityUid('U', String(index)),
            attributes: new Map([['v', value]]),
            tags: new Map(),
            parents: ['a', 'b'].map((id) => new EntityUid('G', id)),
          }),
        );
        const turned = entities
          .map((entity) => ({ ...entity, parents: entity.parents.toReversed() }))
          .reverse();

        expect(
          requestDigest({
            ...SMALLEST,
            entities: turned,
            context: new CedarRecord(new Map(fields.toReversed())),
          }),
        ).toBe(requestDigest({ ...SMALLEST, entities, context: new CedarRecord(new Map(fields)) }));
      }),
    );
  });
});

interface VectorRequest {
  readonly subject: string;
  readonly store: string;
  readonly run_id: string;
  readonly principal: Tagged;
  readonly action: Tagged;
  readonly resource: Tagged;
  readonly context: Tagged;
  readonly entities: readonly Readonly<Record<'uid' | 'attrs' | 'parents' | 'tags', Tagged>>[];
  readonly bundle: string;
}

function readRequest(request: VectorRequest): DigestedRequest {
  return {
    subject: request.subject,
    store: request.store,
    runId: request.run_id,
    principal: readUid(request.principal),
    action: readUid(request.action),
    resource: readUid(request.resource),
    context: readRecord(request.context),
    entities: request.entities.map(({ uid, attrs, parents, tags }) => ({
      uid: readUid(uid),
      attributes: readRecord(attrs).fields,
      tags: readRecord(tags).fields,
      parents: new CedarSet((parents[1] as readonly Tagged[]).map(readUid)).elements as readonly EntityUid[],
    })),
    bundle: request.bundle,
  };
}

function readUid([, type, id]: Tagged): EntityUid {
  return new EntityUid(String(type), String(id));
}

function readRecord([, fields]: Tagged): CedarRecord {
  return new CedarRecord(
    new Map(
      Object.entries(fields as Record<string, Tagged>).map(([name, field]) => [name, readTagged(field)]),
    ),
  );
}

function readTagged(tagged: Tagged): Value {
  const [tag, first, second] = tagged;
  if (tag === 'b') return first === true;
  if (tag === 'l') return BigInt(String(first));
  if (tag === 's') return String(first);
  if (tag === 'e') return readUid(tagged);
  if (tag === 'S') return new CedarSet((first as readonly Tagged[]).map(readTagged));
  if (tag === 'R') return readRecord(tagged);

  return readExtension(String(first), String(second));
}

function readExtension(type: string, text: string): Value {
  const distance = /^offset\(1970-01-01, (.+)\)$/.exec(text)?.[1];
  if (distance !== undefined) return new Datetime(parseDuration(distance)?.milliseconds ?? 0n);

  return callExtension(type === 'ipaddr' ? 'ip' : type, [text]);
}
