// Original file: proto/palisade/v1/authorization.proto

import type { Outcome as _palisade_v1_Outcome, Outcome__Output as _palisade_v1_Outcome__Output } from '../../palisade/v1/Outcome.ts';
import type { LimitCost as _palisade_v1_LimitCost, LimitCost__Output as _palisade_v1_LimitCost__Output } from '../../palisade/v1/LimitCost.ts';
import type { Long } from '@grpc/proto-loader';

export interface ReportOutcomeRequest {
  'decision_id'?: (string);
  'outcome'?: (_palisade_v1_Outcome);
  'cost'?: (_palisade_v1_LimitCost)[];
  'input_tokens'?: (number | string | Long);
  'output_tokens'?: (number | string | Long);
  'duration_ms'?: (number | string | Long);
  'output_digest'?: (string);
  '_input_tokens'?: "input_tokens";
  '_output_tokens'?: "output_tokens";
  '_duration_ms'?: "duration_ms";
}

export interface ReportOutcomeRequest__Output {
  'decision_id': (string);
  'outcome': (_palisade_v1_Outcome__Output);
  'cost': (_palisade_v1_LimitCost__Output)[];
  'input_tokens'?: (string);
  'output_tokens'?: (string);
  'duration_ms'?: (string);
  'output_digest': (string);
  '_input_tokens'?: "input_tokens";
  '_output_tokens'?: "output_tokens";
  '_duration_ms'?: "duration_ms";
}
