import * as z from 'zod';
import type {} from 'zod-openapi';
import { APPROVAL_STATUSES, SEVERITIES } from '../../engine/approval.ts';
import { shownUid } from '../../engine/value/shown-text.ts';
import type { Approval } from '../../store/approvals/read.ts';
import type { Examined } from '../approvals/desk.ts';
import type { ShownRequest } from '../approvals/shown-request.ts';
import type { ShownField } from '../approvals/shown-value.ts';
import { digest, time } from './answer-parts.ts';

const cedar = z.string().meta({
  description: 'Cedar text, in which whatever cannot be seen stands as its number, such as `\\u{202e}`.',
});

const Answer = z
  .strictObject({
    approver: z.string().meta({ description: 'Such as `User::"fay"`.' }),
    subject: z.string().meta({ description: 'Name of the credential that spoke for them.' }),
    answer: z.enum(['approve', 'deny']),
    comment: z.string(),
    answered_at: time,
  })
  .meta({ id: 'ApprovalAnswer' });

/** A question of approval as people are told of it. */
export const ApprovalQuestion = z
  .strictObject({
    approval_id: z.string().meta({ description: 'UUIDv7.' }),
    store: z.string(),
    status: z.enum(APPROVAL_STATUSES),
    severity: z.enum(SEVERITIES).meta({ description: 'The highest that its policies name.' }),
    subject: z.string().meta({ description: 'Name of the credential that asked.' }),
    principal: cedar,
    action: cedar,
    resource: cedar,
    run_id: z.string().optional(),
    policies: z.array(z.string()).meta({ description: 'Ids of the policies that ask.' }),
    message: z.string().meta({ description: 'Their words.' }),
    groups: z
      .array(z.strictObject({ group: z.string(), count: z.int() }))
      .meta({ description: 'Of each group so many different people have to approve.' }),
    request_digest: digest,
    decision_id: z.string().meta({ description: 'Of the denied decision whose record holds the request.' }),
    bundle_digest: digest,
    created_at: time,
    expires_at: time.meta({ description: 'Until then it is answered and used.' }),
    decided_at: time.optional(),
    consumed_at: time.optional(),
    consumed_by: z.string().optional().meta({ description: 'Id of the decision that used the approval.' }),
    answers: z.array(Answer),
  })
  .meta({ id: 'ApprovalQuestion' });

const Field = z
  .strictObject({
    path: z.string().meta({ description: 'Such as `input.note`.' }),
    value: cedar.optional(),
    redacted: z
      .boolean()
      .optional()
      .meta({ description: 'True: it is there, and the bundle does not let approvers see it.' }),
  })
  .meta({ id: 'ShownField' });

const Entity = z
  .strictObject({
    uid: cedar,
    attributes: z.array(Field),
    tags: z.array(Field),
    parents: z.array(cedar),
  })
  .meta({ id: 'ShownRequestEntity', description: "The caller's own word." });

const Request = z
  .strictObject({
    principal: cedar,
    action: cedar,
    resource: cedar,
    context: z.array(Field),
    entities: z.array(Entity),
  })
  .meta({ id: 'ShownRequest', description: 'Exactly what would run.' });

export const ApprovalList = z
  .strictObject({ approvals: z.array(ApprovalQuestion) })
  .meta({ id: 'ApprovalList' });

export const ExaminedApproval = z
  .strictObject({
    approval: ApprovalQuestion,
    request: Request.optional().meta({ description: 'Absent for who may not answer.' }),
    withheld: z.string().optional().meta({ description: 'Why they may not.' }),
  })
  .meta({ id: 'ExaminedApproval' });

export const AnsweredApproval = z
  .strictObject({ approval: ApprovalQuestion })
  .meta({ id: 'AnsweredApproval' });

export function approvalJson(approval: Approval): z.infer<typeof ApprovalQuestion> {
  return {
    approval_id: approval.approval_id,
    store: approval.store,
    status: approval.status,
    severity: approval.severity,
    subject: approval.subject,
    principal: shownUid(approval.principal),
    action: shownUid(approval.action),
    resource: shownUid(approval.resource),
    run_id: approval.run_id === '' ? undefined : approval.run_id,
    policies: [...approval.policies],
    message: approval.message,
    groups: approval.groups.map(({ group, count }) => ({ group, count })),
    request_digest: approval.request_digest,
    decision_id: approval.decision_id,
    bundle_digest: approval.bundle_digest,
    created_at: approval.created_at.toISOString(),
    expires_at: approval.expires_at.toISOString(),
    decided_at: approval.decided_at?.toISOString(),
    consumed_at: approval.consumed_at?.toISOString(),
    consumed_by: approval.consumed_by ?? undefined,
    answers: approval.answers.map(({ approver, subject, answer, comment, answered_at }) => ({
      approver,
      subject,
      answer,
      comment,
      answered_at,
    })),
  };
}

export function examinedJson({ approval, request, withheld }: Examined): z.infer<typeof ExaminedApproval> {
  return {
    approval: approvalJson(approval),
    request: request === undefined ? undefined : requestJson(request),
    withheld: withheld === '' ? undefined : withheld,
  };
}

function requestJson({
  principal,
  action,
  resource,
  context,
  entities,
}: ShownRequest): z.infer<typeof Request> {
  return {
    principal,
    action,
    resource,
    context: context.map(fieldJson),
    entities: entities.map(({ uid, attributes, tags, parents }) => ({
      uid,
      attributes: attributes.map(fieldJson),
      tags: tags.map(fieldJson),
      parents: [...parents],
    })),
  };
}

function fieldJson({ path, value, redacted }: ShownField): z.infer<typeof Field> {
  return redacted ? { path, redacted } : { path, value };
}
