import { message, scalar } from './schema.ts';

/** The part of `proto/palisade/v1/approvals.proto` that callers send. A test holds it against the proto file. */
export const LIST_APPROVALS_REQUEST = message({
  1: scalar('policy_store', 'string'),
  2: scalar('status', 'string'),
  3: scalar('limit', 'uint64'),
});

export const GET_APPROVAL_REQUEST = message({
  1: scalar('approval_id', 'string'),
  2: scalar('as', 'string'),
});

export const ANSWER_APPROVAL_REQUEST = message({
  1: scalar('approval_id', 'string'),
  2: scalar('as', 'string'),
  3: scalar('comment', 'string'),
});

export const WATCH_APPROVALS_REQUEST = message({});
