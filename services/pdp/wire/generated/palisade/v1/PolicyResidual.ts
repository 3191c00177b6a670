// Original file: proto/palisade/v1/authorization.proto

import type { Effect as _palisade_v1_Effect, Effect__Output as _palisade_v1_Effect__Output } from '../../palisade/v1/Effect.ts';

export interface PolicyResidual {
  'policy_id'?: (string);
  'effect'?: (_palisade_v1_Effect);
  'resource'?: (string);
  'condition'?: (string);
}

export interface PolicyResidual__Output {
  'policy_id': (string);
  'effect': (_palisade_v1_Effect__Output);
  'resource': (string);
  'condition': (string);
}
