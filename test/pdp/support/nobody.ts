import type { DecisionPath } from '../../../services/pdp/authorize.ts';

const nobody = () => Promise.reject(new Error('nothing here asks people'));

/** For bundles that ask nobody. */
export const NO_PEOPLE: DecisionPath['approvals'] = {
  ask: nobody,
  find: nobody,
  wait: nobody,
  shown: () => {
    throw new Error('nothing here asks people');
  },
  recorded: () => undefined,
  release: () => undefined,
};
