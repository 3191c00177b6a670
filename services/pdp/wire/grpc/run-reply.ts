import type { RunReply } from '../../types.ts';
import { encoded, number, text, within, writeSequence, writeTime } from './reply.ts';

// Numbers of `proto/palisade/v1/authorization.proto`; a test holds what is written here against it.
const RUN = {
  run_id: 1,
  principal: 2,
  policy_store: 3,
  parent_run_id: 4,
  root_run_id: 5,
  conversation_id: 6,
  labels: 7,
  steps: 8,
  open: 9,
  started_at: 10,
  ends_at: 11,
  request_id: 12,
  trace_id: 13,
} as const;
const UID = { type: 1, id: 2 } as const;

/** Writes a run as the contract's RunStatus. */
export function encodeRun(reply: RunReply): Buffer {
  return encoded(() => {
    text(RUN.run_id, reply.run_id);
    within(RUN.principal, () => {
      text(UID.type, reply.principal.type);
      text(UID.id, reply.principal.id);
    });
    text(RUN.policy_store, reply.policy_store);
    text(RUN.parent_run_id, reply.parent_run_id);
    text(RUN.root_run_id, reply.root_run_id);
    text(RUN.conversation_id, reply.conversation_id);
    for (const label of reply.labels) text(RUN.labels, label);
    writeSequence(RUN.steps, reply.steps);
    number(RUN.open, reply.open ? 1 : 0);
    writeTime(RUN.started_at, reply.started_at);
    writeTime(RUN.ends_at, reply.ends_at);
    text(RUN.request_id, reply.request_id);
    text(RUN.trace_id, reply.trace_id);
  });
}
