import { describe, expect, test } from 'vitest';
import { checkRequest } from '../../../services/engine/data/request.ts';
import { isTypeName } from '../../../services/engine/data/type-name.ts';
import { schemaOf } from './schemas.ts';

const schema = schemaOf(`
  entity Group;
  entity User in [Group];
  entity Doc, Folder;
  entity Color enum ["red"];
  action group;
  action "x::\\"y", read in [group] appliesTo { principal: [User, Color], resource: [Doc] };`);

const READ = {
  principal: { type: 'User', id: 'a' },
  action: { type: 'Action', id: 'read' },
  resource: { type: 'Doc', id: '' },
};

describe('a request', () => {
  test('that fits the schema names its action', () => {
    expect(checkRequest(schema, READ).action.uid.key).toBe('Action::"read"');
    expect(checkRequest(schema, { ...READ, principal: { type: 'Color', id: 'red' } }).action.uid.key).toBe(
      'Action::"read"',
    );
  });

  test.each([
    ['a principal type that the schema lacks', { principal: { type: 'Nope', id: 'a' } }, 'principal'],
    ['an action as principal', { principal: { type: 'Action', id: 'read' } }, 'principal'],
    ['a principal id that its type does not list', { principal: { type: 'Color', id: 'blue' } }, 'principal'],
    ['a principal type that the action is not for', { principal: { type: 'Group', id: 'a' } }, 'principal'],
    ['a resource type that the schema lacks', { resource: { type: 'Nope', id: 'a' } }, 'resource'],
    ['a resource type that the action is not for', { resource: { type: 'Folder', id: 'a' } }, 'resource'],
    ['an action that the schema lacks', { action: { type: 'Action', id: 'write' } }, 'action'],
    ['an action of another type', { action: { type: 'User', id: 'read' } }, 'action'],
    [
      'a type that ends within the id of an action',
      { action: { type: 'Action::"x', id: 'y' } },
      'action.type',
    ],
    ['a group of actions', { action: { type: 'Action', id: 'group' } }, 'action'],
    ['a type that is no name', { principal: { type: ' User', id: 'a' } }, 'principal.type'],
    ['an ill-formed id', { resource: { type: 'Doc', id: '\ud800' } }, 'resource.id'],
  ])('is refused with %s', (_, change, field) => {
    expect(() => checkRequest(schema, { ...READ, ...change })).toThrow(
      expect.objectContaining({ code: 'invalid_request', field }),
    );
  });
});

describe('a type name', () => {
  test.each([
    'User',
    '_',
    'a1',
    'A::B::C',
    'principal',
    'permit',
    'when',
    'context',
    'Set',
    'String',
    'Action',
    '__cedarX',
  ])('%s is one', (name) => {
    expect(isTypeName(name)).toBe(true);
  });

  test.each([
    ...[
      '',
      ' User',
      'User ',
      'A :: B',
      'A::',
      '::A',
      'A:::B',
      'A:B',
      'User//c',
      'Usér',
      '1A',
      'A-B',
      'User\n',
      'A::in',
    ],
    ...['true', 'false', 'if', 'then', 'else', 'in', 'is', 'like', 'has', '__cedar', '__cedar::Long'],
  ])('%j is none', (name) => {
    expect(isTypeName(name)).toBe(false);
  });
});
