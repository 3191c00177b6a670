// Original file: proto/palisade/v1/approvals.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AnswerApprovalRequest as _palisade_v1_AnswerApprovalRequest, AnswerApprovalRequest__Output as _palisade_v1_AnswerApprovalRequest__Output } from '../../palisade/v1/AnswerApprovalRequest.ts';
import type { ApprovalQuestion as _palisade_v1_ApprovalQuestion, ApprovalQuestion__Output as _palisade_v1_ApprovalQuestion__Output } from '../../palisade/v1/ApprovalQuestion.ts';
import type { ExaminedApproval as _palisade_v1_ExaminedApproval, ExaminedApproval__Output as _palisade_v1_ExaminedApproval__Output } from '../../palisade/v1/ExaminedApproval.ts';
import type { GetApprovalRequest as _palisade_v1_GetApprovalRequest, GetApprovalRequest__Output as _palisade_v1_GetApprovalRequest__Output } from '../../palisade/v1/GetApprovalRequest.ts';
import type { ListApprovalsRequest as _palisade_v1_ListApprovalsRequest, ListApprovalsRequest__Output as _palisade_v1_ListApprovalsRequest__Output } from '../../palisade/v1/ListApprovalsRequest.ts';
import type { ListApprovalsResponse as _palisade_v1_ListApprovalsResponse, ListApprovalsResponse__Output as _palisade_v1_ListApprovalsResponse__Output } from '../../palisade/v1/ListApprovalsResponse.ts';
import type { WatchApprovalsRequest as _palisade_v1_WatchApprovalsRequest, WatchApprovalsRequest__Output as _palisade_v1_WatchApprovalsRequest__Output } from '../../palisade/v1/WatchApprovalsRequest.ts';

export interface ApprovalServiceClient extends grpc.Client {
  Approve(argument: _palisade_v1_AnswerApprovalRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_ApprovalQuestion__Output>): grpc.ClientUnaryCall;
  Approve(argument: _palisade_v1_AnswerApprovalRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_palisade_v1_ApprovalQuestion__Output>): grpc.ClientUnaryCall;
  Approve(argument: _palisade_v1_AnswerApprovalRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_ApprovalQuestion__Output>): grpc.ClientUnaryCall;
  Approve(argument: _palisade_v1_AnswerApprovalRequest, callback: grpc.requestCallback<_palisade_v1_ApprovalQuestion__Output>): grpc.ClientUnaryCall;
  approve(argument: _palisade_v1_AnswerApprovalRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_ApprovalQuestion__Output>): grpc.ClientUnaryCall;
  approve(argument: _palisade_v1_AnswerApprovalRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_palisade_v1_ApprovalQuestion__Output>): grpc.ClientUnaryCall;
  approve(argument: _palisade_v1_AnswerApprovalRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_ApprovalQuestion__Output>): grpc.ClientUnaryCall;
  approve(argument: _palisade_v1_AnswerApprovalRequest, callback: grpc.requestCallback<_palisade_v1_ApprovalQuestion__Output>): grpc.ClientUnaryCall;
  
  Deny(argument: _palisade_v1_AnswerApprovalRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_ApprovalQuestion__Output>): grpc.ClientUnaryCall;
  Deny(argument: _palisade_v1_AnswerApprovalRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_palisade_v1_ApprovalQuestion__Output>): grpc.ClientUnaryCall;
  Deny(argument: _palisade_v1_AnswerApprovalRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_ApprovalQuestion__Output>): grpc.ClientUnaryCall;
  Deny(argument: _palisade_v1_AnswerApprovalRequest, callback: grpc.requestCallback<_palisade_v1_ApprovalQuestion__Output>): grpc.ClientUnaryCall;
  deny(argument: _palisade_v1_AnswerApprovalRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_ApprovalQuestion__Output>): grpc.ClientUnaryCall;
  deny(argument: _palisade_v1_AnswerApprovalRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_palisade_v1_ApprovalQuestion__Output>): grpc.ClientUnaryCall;
  deny(argument: _palisade_v1_AnswerApprovalRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_ApprovalQuestion__Output>): grpc.ClientUnaryCall;
  deny(argument: _palisade_v1_AnswerApprovalRequest, callback: grpc.requestCallback<_palisade_v1_ApprovalQuestion__Output>): grpc.ClientUnaryCall;
  
  GetApproval(argument: _palisade_v1_GetApprovalRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_ExaminedApproval__Output>): grpc.ClientUnaryCall;
  GetApproval(argument: _palisade_v1_GetApprovalRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_palisade_v1_ExaminedApproval__Output>): grpc.ClientUnaryCall;
  GetApproval(argument: _palisade_v1_GetApprovalRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_ExaminedApproval__Output>): grpc.ClientUnaryCall;
  GetApproval(argument: _palisade_v1_GetApprovalRequest, callback: grpc.requestCallback<_palisade_v1_ExaminedApproval__Output>): grpc.ClientUnaryCall;
  getApproval(argument: _palisade_v1_GetApprovalRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_ExaminedApproval__Output>): grpc.ClientUnaryCall;
  getApproval(argument: _palisade_v1_GetApprovalRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_palisade_v1_ExaminedApproval__Output>): grpc.ClientUnaryCall;
  getApproval(argument: _palisade_v1_GetApprovalRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_ExaminedApproval__Output>): grpc.ClientUnaryCall;
  getApproval(argument: _palisade_v1_GetApprovalRequest, callback: grpc.requestCallback<_palisade_v1_ExaminedApproval__Output>): grpc.ClientUnaryCall;
  
  ListApprovals(argument: _palisade_v1_ListApprovalsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_ListApprovalsResponse__Output>): grpc.ClientUnaryCall;
  ListApprovals(argument: _palisade_v1_ListApprovalsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_palisade_v1_ListApprovalsResponse__Output>): grpc.ClientUnaryCall;
  ListApprovals(argument: _palisade_v1_ListApprovalsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_ListApprovalsResponse__Output>): grpc.ClientUnaryCall;
  ListApprovals(argument: _palisade_v1_ListApprovalsRequest, callback: grpc.requestCallback<_palisade_v1_ListApprovalsResponse__Output>): grpc.ClientUnaryCall;
  listApprovals(argument: _palisade_v1_ListApprovalsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_ListApprovalsResponse__Output>): grpc.ClientUnaryCall;
  listApprovals(argument: _palisade_v1_ListApprovalsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_palisade_v1_ListApprovalsResponse__Output>): grpc.ClientUnaryCall;
  listApprovals(argument: _palisade_v1_ListApprovalsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_ListApprovalsResponse__Output>): grpc.ClientUnaryCall;
  listApprovals(argument: _palisade_v1_ListApprovalsRequest, callback: grpc.requestCallback<_palisade_v1_ListApprovalsResponse__Output>): grpc.ClientUnaryCall;
  
  WatchApprovals(argument: _palisade_v1_WatchApprovalsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_palisade_v1_ApprovalQuestion__Output>;
  WatchApprovals(argument: _palisade_v1_WatchApprovalsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_palisade_v1_ApprovalQuestion__Output>;
  watchApprovals(argument: _palisade_v1_WatchApprovalsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_palisade_v1_ApprovalQuestion__Output>;
  watchApprovals(argument: _palisade_v1_WatchApprovalsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_palisade_v1_ApprovalQuestion__Output>;
  
}

export interface ApprovalServiceHandlers extends grpc.UntypedServiceImplementation {
  Approve: grpc.handleUnaryCall<_palisade_v1_AnswerApprovalRequest__Output, _palisade_v1_ApprovalQuestion>;
  
  Deny: grpc.handleUnaryCall<_palisade_v1_AnswerApprovalRequest__Output, _palisade_v1_ApprovalQuestion>;
  
  GetApproval: grpc.handleUnaryCall<_palisade_v1_GetApprovalRequest__Output, _palisade_v1_ExaminedApproval>;
  
  ListApprovals: grpc.handleUnaryCall<_palisade_v1_ListApprovalsRequest__Output, _palisade_v1_ListApprovalsResponse>;
  
  WatchApprovals: grpc.handleServerStreamingCall<_palisade_v1_WatchApprovalsRequest__Output, _palisade_v1_ApprovalQuestion>;
  
}

export interface ApprovalServiceDefinition extends grpc.ServiceDefinition {
  Approve: MethodDefinition<_palisade_v1_AnswerApprovalRequest, _palisade_v1_ApprovalQuestion, _palisade_v1_AnswerApprovalRequest__Output, _palisade_v1_ApprovalQuestion__Output>
  Deny: MethodDefinition<_palisade_v1_AnswerApprovalRequest, _palisade_v1_ApprovalQuestion, _palisade_v1_AnswerApprovalRequest__Output, _palisade_v1_ApprovalQuestion__Output>
  GetApproval: MethodDefinition<_palisade_v1_GetApprovalRequest, _palisade_v1_ExaminedApproval, _palisade_v1_GetApprovalRequest__Output, _palisade_v1_ExaminedApproval__Output>
  ListApprovals: MethodDefinition<_palisade_v1_ListApprovalsRequest, _palisade_v1_ListApprovalsResponse, _palisade_v1_ListApprovalsRequest__Output, _palisade_v1_ListApprovalsResponse__Output>
  WatchApprovals: MethodDefinition<_palisade_v1_WatchApprovalsRequest, _palisade_v1_ApprovalQuestion, _palisade_v1_WatchApprovalsRequest__Output, _palisade_v1_ApprovalQuestion__Output>
}
