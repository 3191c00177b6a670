import { status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { TypedRecord } from '../../../services/engine/raw/raw.ts';
import { authorize, errorInfo, PARC, withWire } from './support.ts';

describe('a typed request', () => {
  test('reaches the service as it was meant, nothing an escape', async () => {
    await withWire(async (wire) => {
      const uid = { type: 'Repo', id: 'palisade' };
      await authorize(wire, {
        ...PARC,
        context: {
          fields: [
            {
              name: '__entity',
              value: { record: { fields: [{ name: 'type', value: { string: 'Admin' } }] } },
            },
            { name: 'big', value: { long: '9223372036854775807' } },
            { name: 'off', value: { bool: false } },
            { name: 'owner', value: { entity: uid } },
            { name: 'ip', value: { extension: { fn: 'ip', args: [{ string: '10.0.0.1' }] } } },
            { name: 'tags', value: { set: { elements: [{ long: '0' }, { string: '' }] } } },
          ],
        },
        entities: { entities: [{ uid, parents: [uid] }] },
      });

      const call = wire.service.calls[0]?.call;
      expect(call?.context).toBeInstanceOf(TypedRecord);
      expect(call?.context).toMatchObject({
        fields: new Map<string, unknown>([
          ['__entity', { fields: new Map([['type', 'Admin']]) }],
          ['big', 9_223_372_036_854_775_807n],
          ['off', false],
          ['owner', uid],
          ['ip', { fn: 'ip', args: ['10.0.0.1'] }],
          ['tags', { elements: [0n, ''] }],
        ]),
      });
      expect(call?.entities).toMatchObject([
        { uid, attrs: { fields: new Map() }, parents: [uid], tags: { fields: new Map() } },
      ]);
    });
  });

  test.each([
    [
      'a name that comes twice',
      {
        fields: [
          { name: 'a', value: { bool: true } },
          { name: 'a', value: { bool: true } },
        ],
      },
      'context.a',
    ],
    [
      'a name that comes twice further in',
      {
        fields: [
          {
            name: 'a',
            value: {
              set: {
                elements: [
                  {
                    record: {
                      fields: [
                        { name: '', value: { bool: true } },
                        { name: '', value: { bool: true } },
                      ],
                    },
                  },
                ],
              },
            },
          },
        ],
      },
      'context.a[0][""]',
    ],
    ['a value without a kind', { fields: [{ name: 'a', value: {} }] }, 'context.a'],
    ['a field without a value', { fields: [{ name: 'a' }] }, 'context.a'],
    [
      'a set element without a kind',
      { fields: [{ name: 'a', value: { set: { elements: [{ bool: true }, {}] } } }] },
      'context.a[1]',
    ],
  ])('is refused for %s', async (_what, context, field) => {
    await withWire(async (wire) => {
      const { error } = await authorize(wire, { ...PARC, context });

      expect(error?.code).toBe(status.INVALID_ARGUMENT);
      expect(error && errorInfo(error).metadata['field']).toBe(field);
      expect(wire.service.calls).toEqual([]);
    });
  });

  test('is refused where an entity has no uid', async () => {
    await withWire(async (wire) => {
      const { error } = await authorize(wire, { ...PARC, entities: { entities: [{}] } });

      expect(error && errorInfo(error).metadata['field']).toBe('entities[0]');
    });
  });
});
