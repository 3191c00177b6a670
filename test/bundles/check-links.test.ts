import { describe, test } from 'vitest';
import { LINK, links } from './bundle-changes.ts';
import { expectRefused, type Refusal } from './check-bundle.ts';

describe('check refuses', () => {
  test.each<Refusal>([
    ['links that are no JSON', { 'links.json': '[{]' }, 'json_syntax', /./],
    ['links that are no list', { 'links.json': '{}' }, 'link_invalid', /list/],
    ['a repeated name in links', { 'links.json': '[{"id": "a", "id": "b"}]' }, 'link_invalid', /repeated/],
    ['a link of no template', links({ ...LINK, template_id: 'staff-view' }), 'link_invalid', /no template/],
    ['a link whose id a policy has', links({ ...LINK, id: 'staff-view' }), 'link_invalid', /used twice/],
    ['a link whose id its template has', links({ ...LINK, id: 't' }), 'link_invalid', /used twice/],
    ['two links with one id', links(LINK, LINK), 'link_invalid', /used twice/],
    ['a link with a bad id', links({ ...LINK, id: 'a b' }), 'link_invalid', /not a policy id/],
    [
      'a link that leaves a slot empty',
      links({ ...LINK, values: { '?principal': LINK.values['?principal'] } }),
      'link_invalid',
      /\?resource/,
    ],
    [
      'a link that fills a slot too many',
      links({ ...LINK, values: { ...LINK.values, '?action': LINK.values['?principal'] } }),
      'link_invalid',
      /unknown key/,
    ],
    [
      'a link to an undeclared type',
      links({ ...LINK, values: { ...LINK.values, '?principal': { type: 'Usr', id: 'a' } } }),
      'link_invalid',
      /Usr/,
    ],
    [
      'a link to an action',
      links({ ...LINK, values: { ...LINK.values, '?principal': { type: 'Action', id: 'view' } } }),
      'link_invalid',
      /Action/,
    ],
    [
      'a link to an undeclared id',
      links({ ...LINK, values: { ...LINK.values, '?principal': { type: 'Color', id: 'blue' } } }),
      'link_invalid',
      /Color/,
    ],
    [
      'a link that no request can match',
      links({ ...LINK, values: { ...LINK.values, '?principal': { type: 'Color', id: 'red' } } }),
      'no_applicable_action',
      /applicable action/,
    ],
    ['an unknown key of a link', links({ ...LINK, note: 'x' }), 'link_invalid', /unknown key/],
  ])('%s', expectRefused);
});
