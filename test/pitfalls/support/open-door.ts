import type { BundleText } from './pitfall.ts';

/** A bundle that permits whatever it can decide: whoever is refused here is refused by Palisade alone. */
export const OPEN_DOOR: BundleText = {
  schema: `
entity Team in [Team];
entity User in [Team] { level?: Long };
entity Doc;
action view appliesTo { principal: User, resource: Doc, context: { text?: String, n?: Long, set?: Set<Long>, pdp: { now: datetime } } };
action list appliesTo { principal: User, resource: Doc };`,
  policies: '@id("anyone") permit (principal, action, resource);',
  sources: { User: 'request', Team: 'request' },
};

export const USER = { uid: { type: 'User', id: 'u' }, attrs: {}, parents: [] };

/** What the open door permits. */
export const ASKED = {
  principal: 'User::"u"',
  action: 'Action::"view"',
  resource: 'Doc::"d"',
  context: '{}',
  entities: JSON.stringify([USER]),
};
