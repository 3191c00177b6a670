// Original file: proto/palisade/v1/authorization.proto

import type { Effect as _palisade_v1_Effect, Effect__Output as _palisade_v1_Effect__Output } from '../../palisade/v1/Effect.ts';

export interface DeterminingPolicy {
  'policy_id'?: (string);
  'effect'?: (_palisade_v1_Effect);
  'annotations'?: ({[key: string]: string});
}

export interface DeterminingPolicy__Output {
  'policy_id': (string);
  'effect': (_palisade_v1_Effect__Output);
  'annotations': ({[key: string]: string});
}
