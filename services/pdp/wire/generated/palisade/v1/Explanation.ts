// Original file: proto/palisade/v1/authorization.proto

import type { DeterminingPolicy as _palisade_v1_DeterminingPolicy, DeterminingPolicy__Output as _palisade_v1_DeterminingPolicy__Output } from '../../palisade/v1/DeterminingPolicy.ts';
import type { PolicyError as _palisade_v1_PolicyError, PolicyError__Output as _palisade_v1_PolicyError__Output } from '../../palisade/v1/PolicyError.ts';
import type { Decision as _palisade_v1_Decision, Decision__Output as _palisade_v1_Decision__Output } from '../../palisade/v1/Decision.ts';

export interface Explanation {
  'determining_policies'?: (_palisade_v1_DeterminingPolicy)[];
  'errors'?: (_palisade_v1_PolicyError)[];
  'cedar_decision'?: (_palisade_v1_Decision);
  'policy_decision'?: (_palisade_v1_Decision);
}

export interface Explanation__Output {
  'determining_policies': (_palisade_v1_DeterminingPolicy__Output)[];
  'errors': (_palisade_v1_PolicyError__Output)[];
  'cedar_decision': (_palisade_v1_Decision__Output);
  'policy_decision': (_palisade_v1_Decision__Output);
}
