import { describe, test } from 'vitest';
import { entities, receipt } from './bundle-changes.ts';
import { expectRefused, type Refusal } from './check-bundle.ts';

describe('check refuses', () => {
  test.each<Refusal>([
    ['entities that are no JSON', { 'entities.json': '[' }, 'json_syntax', /./],
    [
      'an entity of a type of requests',
      entities('{"uid": {"type": "User", "id": "a"}, "attrs": {"level": 1}, "parents": []}'),
      'entity_invalid',
      /other source/,
    ],
    [
      'an action among the entities',
      entities('{"uid": {"type": "Action", "id": "view"}, "attrs": {}, "parents": []}'),
      'entity_invalid',
      /action/,
    ],
    [
      'an entity of an unknown type',
      entities('{"uid": {"type": "Nope", "id": "a"}, "attrs": {}, "parents": []}'),
      'entity_invalid',
      /no such entity type/,
    ],
    [
      'an entity without an attribute',
      entities(receipt('r3', '"attrs": {}, "parents": []')),
      'entity_invalid',
      /public/,
    ],
    [
      'an attribute that is not declared',
      entities(receipt('r3', '"attrs": {"public": true, "x": 1}, "parents": []')),
      'entity_invalid',
      /x/,
    ],
    [
      'a parent that is not declared',
      entities(receipt('r3', '"attrs": {"public": true}, "parents": [{"type": "Group", "id": "g"}]')),
      'entity_invalid',
      /Group|parent/,
    ],
    ['an entity that is listed twice', entities(receipt('r1')), 'entity_invalid', /twice/],
    [
      'an unknown value',
      entities(
        receipt('r3', '"attrs": {"public": {"__extn": {"fn": "unknown", "arg": "x"}}}, "parents": []'),
      ),
      'entity_invalid',
      /./,
    ],
  ])('%s', expectRefused);
});
