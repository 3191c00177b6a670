import type { handleServerStreamingCall, handleUnaryCall, ServiceDefinition } from '@grpc/grpc-js';
import { APPROVAL_STATUSES } from '../../../engine/approval.ts';
import { PdpError, toPdpError } from '../../../engine/error.ts';
import { LIMITS } from '../../../engine/limits.ts';
import type { AdminCall } from '../../admin/guard.ts';
import { drained } from '../../approvals/drained.ts';
import type { Examined, Office, Question } from '../../approvals/office.ts';
import type { RpcMethod } from '../../observe/operation.ts';
import type { Caller, TraceContext } from '../../types.ts';
import type { Timestamp } from '../generated/google/protobuf/Timestamp.ts';
import type { AnswerApprovalRequest__Output } from '../generated/palisade/v1/AnswerApprovalRequest.ts';
import type { ApprovalQuestion } from '../generated/palisade/v1/ApprovalQuestion.ts';
import type { ApprovalServiceDefinition } from '../generated/palisade/v1/ApprovalService.ts';
import type { ExaminedApproval } from '../generated/palisade/v1/ExaminedApproval.ts';
import type { GetApprovalRequest__Output } from '../generated/palisade/v1/GetApprovalRequest.ts';
import type { ListApprovalsRequest__Output } from '../generated/palisade/v1/ListApprovalsRequest.ts';
import {
  ANSWER_APPROVAL_REQUEST,
  GET_APPROVAL_REQUEST,
  LIST_APPROVALS_REQUEST,
  WATCH_APPROVALS_REQUEST,
} from '../protobuf/approval-schema.ts';
import { decodeMessage } from '../protobuf/decode.ts';
import type { MessageSchema } from '../protobuf/schema.ts';
import { type Handling, serve } from '../serve.ts';
import { callerOf, leftSignal, timeoutOf, traceOf } from './call-scope.ts';
import { bounded, CONTRACT, type Incoming } from './contract.ts';
import { grpcStatus } from './status.ts';

export const APPROVAL_SERVICE = 'palisade.v1.ApprovalService';

/** The service, with requests left as bytes for our own decoder; replies are rare enough for the stock encoder. */
export function approvalServiceDefinition(): ServiceDefinition {
  const contract = CONTRACT[APPROVAL_SERVICE] as unknown as ApprovalServiceDefinition;
  const requestDeserialize = (bytes: Buffer) => bounded('body_bytes', bytes);

  return {
    ListApprovals: { ...contract.ListApprovals, requestDeserialize },
    GetApproval: { ...contract.GetApproval, requestDeserialize },
    Approve: { ...contract.Approve, requestDeserialize },
    Deny: { ...contract.Deny, requestDeserialize },
    WatchApprovals: { ...contract.WatchApprovals, requestDeserialize },
  };
}

/** What a watch looks at while nothing happens: whether its credential is still good. */
const AGAIN_MS = 500;
const LIST = { limit: 50, most: 200 } as const;

/** Handles the calls of people who answer approvals, and ends their watches. */
export function approvalHandlers(handling: Handling, office: Office) {
  const watches = new Set<AbortController>();
  const list = unary('ListApprovals', LIST_APPROVALS_REQUEST, async (message, call) => {
    const { policy_store: store, status, limit } = message as unknown as ListApprovalsRequest__Output;
    const query = { ...(store === '' ? {} : { store }), status: statusOf(status), limit: limitOf(limit) };

    return { approvals: (await office.list(call(''), query)).map(questionMessage) };
  });
  const get = unary('GetApproval', GET_APPROVAL_REQUEST, async (message, call) => {
    const { approval_id: id, as } = message as unknown as GetApprovalRequest__Output;

    return examinedMessage(await office.examine(call(id), id, as));
  });
  const answering = (method: 'Approve' | 'Deny') =>
    unary(method, ANSWER_APPROVAL_REQUEST, async (message, call) => {
      const { approval_id: id, as, comment } = message as unknown as AnswerApprovalRequest__Output;
      if (comment.length > LIMITS.approval_comment) {
        throw new PdpError('invalid_request', `comment is over ${LIMITS.approval_comment}`, {
          field: 'comment',
        });
      }
      const answer = method === 'Approve' ? 'approve' : 'deny';

      return questionMessage(await office.answer(call(id), id, { answer, as, comment }));
    });

  return {
    implementation: {
      ListApprovals: list,
      GetApproval: get,
      Approve: answering('Approve'),
      Deny: answering('Deny'),
      WatchApprovals: watch,
    },

    /** Ends every watch, which would keep a shutdown waiting. */
    close() {
      for (const gone of watches) gone.abort();
    },
  };

  function unary<Reply>(
    method: RpcMethod,
    schema: MessageSchema,
    run: (message: Readonly<Record<string, unknown>>, call: (target: string) => AdminCall) => Promise<Reply>,
  ): handleUnaryCall<Incoming, Reply> {
    return (call, callback) => {
      const trace = traceOf(handling, call);
      serve(handling, {
        transport: 'grpc',
        operation: { kind: 'rpc', method },
        trace,
        left: leftSignal(call),
        authenticate: () => callerOf(handling.service, call),
        read: () => readMessage(schema, call.request),
        timeoutMs: () => timeoutOf(call),
        decide: (message, { caller }) => run(message, (target) => callOf(method, caller, trace, target)),
      }).then(
        (reply) => callback(null, reply),
        (thrown: unknown) => callback(grpcStatus(toPdpError(thrown), trace.trace_id)),
      );
    };
  }

  function watch(...[call]: Parameters<handleServerStreamingCall<Incoming, ApprovalQuestion>>): void {
    const trace = traceOf(handling, call);
    const gone = new AbortController();
    call.once('cancelled', () => gone.abort());
    tell().then(
      () => call.end(),
      (thrown: unknown) => call.emit('error', grpcStatus(toPdpError(thrown), trace.trace_id)),
    );

    async function tell(): Promise<void> {
      const caller = admitted();
      watches.add(gone);
      const asking = setInterval(() => {
        try {
          callerOf(handling.service, call);
        } catch {
          gone.abort();
        }
      }, AGAIN_MS);
      try {
        for await (const question of office.watch(callOf('WatchApprovals', caller, trace, ''), gone.signal)) {
          if (!call.write(questionMessage(question))) await drained(call, gone.signal);
        }
      } finally {
        clearInterval(asking);
        watches.delete(gone);
      }
      // Whose credential is good no more is told so.
      callerOf(handling.service, call);
    }

    /** Who watches; nothing is held for whom that is refused. */
    function admitted(): Caller {
      let caller: Caller | undefined;
      try {
        caller = callerOf(handling.service, call);
        readMessage(WATCH_APPROVALS_REQUEST, call.request);

        return caller;
      } catch (thrown) {
        const error = toPdpError(thrown);
        handling.onRefusal({ error, caller, transport: 'grpc', trace });
        throw error;
      }
    }
  }
}

function readMessage(schema: MessageSchema, incoming: Incoming): Readonly<Record<string, unknown>> {
  if (!Buffer.isBuffer(incoming)) throw incoming.error;

  return decodeMessage(schema, incoming);
}

function callOf(method: RpcMethod, caller: Caller, trace: TraceContext, target: string): AdminCall {
  return {
    caller,
    transport: 'grpc',
    trace,
    route: `${APPROVAL_SERVICE}/${method}`,
    target: target.slice(0, 128),
  };
}

function statusOf(text: string) {
  if (text === '') return undefined;
  const status = APPROVAL_STATUSES.find((one) => one === text);
  if (status !== undefined) return status;

  throw new PdpError('invalid_request', `status is one of ${APPROVAL_STATUSES.join(', ')}`, {
    field: 'status',
  });
}

function limitOf(text: string): number {
  const limit = BigInt(text);
  if (limit > BigInt(LIST.most)) {
    throw new PdpError('invalid_request', `limit is at most ${LIST.most}`, { field: 'limit' });
  }

  return limit === 0n ? LIST.limit : Number(limit);
}

function questionMessage(question: Question): ApprovalQuestion {
  const {
    created_at,
    expires_at,
    decided_at,
    consumed_at,
    run_id = '',
    consumed_by = '',
    ...texts
  } = question;

  return {
    ...texts,
    run_id,
    consumed_by,
    created_at: timestamp(created_at),
    expires_at: timestamp(expires_at),
    decided_at: decided_at === undefined ? null : timestamp(decided_at),
    consumed_at: consumed_at === undefined ? null : timestamp(consumed_at),
    answers: question.answers.map(({ answered_at, ...answer }) => ({
      ...answer,
      answered_at: timestamp(answered_at),
    })),
  };
}

type Shown = NonNullable<Examined['request']>;

function examinedMessage({ approval, request, withheld = '' }: Examined): ExaminedApproval {
  return {
    approval: questionMessage(approval),
    request: request === undefined ? null : { ...request, ...fieldsOf(request) },
    withheld,
  };
}

function fieldsOf({ context, entities }: Shown) {
  return {
    context: context.map(fieldMessage),
    entities: entities.map(({ attributes, tags, ...entity }) => ({
      ...entity,
      attributes: attributes.map(fieldMessage),
      tags: tags.map(fieldMessage),
    })),
  };
}

function fieldMessage({ path, value = '', redacted = false }: Shown['context'][number]) {
  return { path, value, redacted };
}

/** @param text RFC 3339 with milliseconds, in UTC. */
function timestamp(text: string): Timestamp {
  const at = Date.parse(text);

  return { seconds: String(Math.floor(at / 1_000)), nanos: (at % 1_000) * 1_000_000 };
}
