// Original file: proto/palisade/v1/authorization.proto

import type { Outcome as _palisade_v1_Outcome, Outcome__Output as _palisade_v1_Outcome__Output } from '../../palisade/v1/Outcome.ts';
import type { SettledLimit as _palisade_v1_SettledLimit, SettledLimit__Output as _palisade_v1_SettledLimit__Output } from '../../palisade/v1/SettledLimit.ts';

export interface ReportOutcomeResponse {
  'decision_id'?: (string);
  'outcome'?: (_palisade_v1_Outcome);
  'limits'?: (_palisade_v1_SettledLimit)[];
}

export interface ReportOutcomeResponse__Output {
  'decision_id': (string);
  'outcome': (_palisade_v1_Outcome__Output);
  'limits': (_palisade_v1_SettledLimit__Output)[];
}
