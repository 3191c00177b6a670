// Original file: proto/palisade/v1/authorization.proto

import type { Long } from '@grpc/proto-loader';

export interface Run {
  'run_id'?: (string);
  'parent_run_id'?: (string);
  'step'?: (number | string | Long);
  'tool_call_id'?: (string);
  'conversation_id'?: (string);
  'agent_id'?: (string);
  'tool_name'?: (string);
}

export interface Run__Output {
  'run_id': (string);
  'parent_run_id': (string);
  'step': (string);
  'tool_call_id': (string);
  'conversation_id': (string);
  'agent_id': (string);
  'tool_name': (string);
}
