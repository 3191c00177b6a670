// Original file: proto/palisade/v1/authorization.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AuthorizeBatchRequest as _palisade_v1_AuthorizeBatchRequest, AuthorizeBatchRequest__Output as _palisade_v1_AuthorizeBatchRequest__Output } from '../../palisade/v1/AuthorizeBatchRequest.ts';
import type { AuthorizeBatchResponse as _palisade_v1_AuthorizeBatchResponse, AuthorizeBatchResponse__Output as _palisade_v1_AuthorizeBatchResponse__Output } from '../../palisade/v1/AuthorizeBatchResponse.ts';
import type { AuthorizeRequest as _palisade_v1_AuthorizeRequest, AuthorizeRequest__Output as _palisade_v1_AuthorizeRequest__Output } from '../../palisade/v1/AuthorizeRequest.ts';
import type { AuthorizeResponse as _palisade_v1_AuthorizeResponse, AuthorizeResponse__Output as _palisade_v1_AuthorizeResponse__Output } from '../../palisade/v1/AuthorizeResponse.ts';
import type { AuthorizeResult as _palisade_v1_AuthorizeResult, AuthorizeResult__Output as _palisade_v1_AuthorizeResult__Output } from '../../palisade/v1/AuthorizeResult.ts';
import type { ConstraintsRequest as _palisade_v1_ConstraintsRequest, ConstraintsRequest__Output as _palisade_v1_ConstraintsRequest__Output } from '../../palisade/v1/ConstraintsRequest.ts';
import type { ConstraintsResponse as _palisade_v1_ConstraintsResponse, ConstraintsResponse__Output as _palisade_v1_ConstraintsResponse__Output } from '../../palisade/v1/ConstraintsResponse.ts';
import type { EndRunRequest as _palisade_v1_EndRunRequest, EndRunRequest__Output as _palisade_v1_EndRunRequest__Output } from '../../palisade/v1/EndRunRequest.ts';
import type { GetRunRequest as _palisade_v1_GetRunRequest, GetRunRequest__Output as _palisade_v1_GetRunRequest__Output } from '../../palisade/v1/GetRunRequest.ts';
import type { ReportOutcomeRequest as _palisade_v1_ReportOutcomeRequest, ReportOutcomeRequest__Output as _palisade_v1_ReportOutcomeRequest__Output } from '../../palisade/v1/ReportOutcomeRequest.ts';
import type { ReportOutcomeResponse as _palisade_v1_ReportOutcomeResponse, ReportOutcomeResponse__Output as _palisade_v1_ReportOutcomeResponse__Output } from '../../palisade/v1/ReportOutcomeResponse.ts';
import type { RunStatus as _palisade_v1_RunStatus, RunStatus__Output as _palisade_v1_RunStatus__Output } from '../../palisade/v1/RunStatus.ts';
import type { StartRunRequest as _palisade_v1_StartRunRequest, StartRunRequest__Output as _palisade_v1_StartRunRequest__Output } from '../../palisade/v1/StartRunRequest.ts';
import type { WaitForApprovalRequest as _palisade_v1_WaitForApprovalRequest, WaitForApprovalRequest__Output as _palisade_v1_WaitForApprovalRequest__Output } from '../../palisade/v1/WaitForApprovalRequest.ts';
import type { WaitForApprovalResponse as _palisade_v1_WaitForApprovalResponse, WaitForApprovalResponse__Output as _palisade_v1_WaitForApprovalResponse__Output } from '../../palisade/v1/WaitForApprovalResponse.ts';

export interface AuthorizationServiceClient extends grpc.Client {
  Authorize(argument: _palisade_v1_AuthorizeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_AuthorizeResponse__Output>): grpc.ClientUnaryCall;
  Authorize(argument: _palisade_v1_AuthorizeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_palisade_v1_AuthorizeResponse__Output>): grpc.ClientUnaryCall;
  Authorize(argument: _palisade_v1_AuthorizeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_AuthorizeResponse__Output>): grpc.ClientUnaryCall;
  Authorize(argument: _palisade_v1_AuthorizeRequest, callback: grpc.requestCallback<_palisade_v1_AuthorizeResponse__Output>): grpc.ClientUnaryCall;
  authorize(argument: _palisade_v1_AuthorizeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_AuthorizeResponse__Output>): grpc.ClientUnaryCall;
  authorize(argument: _palisade_v1_AuthorizeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_palisade_v1_AuthorizeResponse__Output>): grpc.ClientUnaryCall;
  authorize(argument: _palisade_v1_AuthorizeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_AuthorizeResponse__Output>): grpc.ClientUnaryCall;
  authorize(argument: _palisade_v1_AuthorizeRequest, callback: grpc.requestCallback<_palisade_v1_AuthorizeResponse__Output>): grpc.ClientUnaryCall;
  
  AuthorizeBatch(argument: _palisade_v1_AuthorizeBatchRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_AuthorizeBatchResponse__Output>): grpc.ClientUnaryCall;
  AuthorizeBatch(argument: _palisade_v1_AuthorizeBatchRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_palisade_v1_AuthorizeBatchResponse__Output>): grpc.ClientUnaryCall;
  AuthorizeBatch(argument: _palisade_v1_AuthorizeBatchRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_AuthorizeBatchResponse__Output>): grpc.ClientUnaryCall;
  AuthorizeBatch(argument: _palisade_v1_AuthorizeBatchRequest, callback: grpc.requestCallback<_palisade_v1_AuthorizeBatchResponse__Output>): grpc.ClientUnaryCall;
  authorizeBatch(argument: _palisade_v1_AuthorizeBatchRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_AuthorizeBatchResponse__Output>): grpc.ClientUnaryCall;
  authorizeBatch(argument: _palisade_v1_AuthorizeBatchRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_palisade_v1_AuthorizeBatchResponse__Output>): grpc.ClientUnaryCall;
  authorizeBatch(argument: _palisade_v1_AuthorizeBatchRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_AuthorizeBatchResponse__Output>): grpc.ClientUnaryCall;
  authorizeBatch(argument: _palisade_v1_AuthorizeBatchRequest, callback: grpc.requestCallback<_palisade_v1_AuthorizeBatchResponse__Output>): grpc.ClientUnaryCall;
  
  AuthorizeStream(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_palisade_v1_AuthorizeRequest, _palisade_v1_AuthorizeResult__Output>;
  AuthorizeStream(options?: grpc.CallOptions): grpc.ClientDuplexStream<_palisade_v1_AuthorizeRequest, _palisade_v1_AuthorizeResult__Output>;
  authorizeStream(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_palisade_v1_AuthorizeRequest, _palisade_v1_AuthorizeResult__Output>;
  authorizeStream(options?: grpc.CallOptions): grpc.ClientDuplexStream<_palisade_v1_AuthorizeRequest, _palisade_v1_AuthorizeResult__Output>;
  
  Constraints(argument: _palisade_v1_ConstraintsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_ConstraintsResponse__Output>): grpc.ClientUnaryCall;
  Constraints(argument: _palisade_v1_ConstraintsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_palisade_v1_ConstraintsResponse__Output>): grpc.ClientUnaryCall;
  Constraints(argument: _palisade_v1_ConstraintsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_ConstraintsResponse__Output>): grpc.ClientUnaryCall;
  Constraints(argument: _palisade_v1_ConstraintsRequest, callback: grpc.requestCallback<_palisade_v1_ConstraintsResponse__Output>): grpc.ClientUnaryCall;
  constraints(argument: _palisade_v1_ConstraintsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_ConstraintsResponse__Output>): grpc.ClientUnaryCall;
  constraints(argument: _palisade_v1_ConstraintsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_palisade_v1_ConstraintsResponse__Output>): grpc.ClientUnaryCall;
  constraints(argument: _palisade_v1_ConstraintsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_ConstraintsResponse__Output>): grpc.ClientUnaryCall;
  constraints(argument: _palisade_v1_ConstraintsRequest, callback: grpc.requestCallback<_palisade_v1_ConstraintsResponse__Output>): grpc.ClientUnaryCall;
  
  EndRun(argument: _palisade_v1_EndRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_RunStatus__Output>): grpc.ClientUnaryCall;
  EndRun(argument: _palisade_v1_EndRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_palisade_v1_RunStatus__Output>): grpc.ClientUnaryCall;
  EndRun(argument: _palisade_v1_EndRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_RunStatus__Output>): grpc.ClientUnaryCall;
  EndRun(argument: _palisade_v1_EndRunRequest, callback: grpc.requestCallback<_palisade_v1_RunStatus__Output>): grpc.ClientUnaryCall;
  endRun(argument: _palisade_v1_EndRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_RunStatus__Output>): grpc.ClientUnaryCall;
  endRun(argument: _palisade_v1_EndRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_palisade_v1_RunStatus__Output>): grpc.ClientUnaryCall;
  endRun(argument: _palisade_v1_EndRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_RunStatus__Output>): grpc.ClientUnaryCall;
  endRun(argument: _palisade_v1_EndRunRequest, callback: grpc.requestCallback<_palisade_v1_RunStatus__Output>): grpc.ClientUnaryCall;
  
  GetRun(argument: _palisade_v1_GetRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_RunStatus__Output>): grpc.ClientUnaryCall;
  GetRun(argument: _palisade_v1_GetRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_palisade_v1_RunStatus__Output>): grpc.ClientUnaryCall;
  GetRun(argument: _palisade_v1_GetRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_RunStatus__Output>): grpc.ClientUnaryCall;
  GetRun(argument: _palisade_v1_GetRunRequest, callback: grpc.requestCallback<_palisade_v1_RunStatus__Output>): grpc.ClientUnaryCall;
  getRun(argument: _palisade_v1_GetRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_RunStatus__Output>): grpc.ClientUnaryCall;
  getRun(argument: _palisade_v1_GetRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_palisade_v1_RunStatus__Output>): grpc.ClientUnaryCall;
  getRun(argument: _palisade_v1_GetRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_RunStatus__Output>): grpc.ClientUnaryCall;
  getRun(argument: _palisade_v1_GetRunRequest, callback: grpc.requestCallback<_palisade_v1_RunStatus__Output>): grpc.ClientUnaryCall;
  
  ReportOutcome(argument: _palisade_v1_ReportOutcomeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_ReportOutcomeResponse__Output>): grpc.ClientUnaryCall;
  ReportOutcome(argument: _palisade_v1_ReportOutcomeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_palisade_v1_ReportOutcomeResponse__Output>): grpc.ClientUnaryCall;
  ReportOutcome(argument: _palisade_v1_ReportOutcomeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_ReportOutcomeResponse__Output>): grpc.ClientUnaryCall;
  ReportOutcome(argument: _palisade_v1_ReportOutcomeRequest, callback: grpc.requestCallback<_palisade_v1_ReportOutcomeResponse__Output>): grpc.ClientUnaryCall;
  reportOutcome(argument: _palisade_v1_ReportOutcomeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_ReportOutcomeResponse__Output>): grpc.ClientUnaryCall;
  reportOutcome(argument: _palisade_v1_ReportOutcomeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_palisade_v1_ReportOutcomeResponse__Output>): grpc.ClientUnaryCall;
  reportOutcome(argument: _palisade_v1_ReportOutcomeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_ReportOutcomeResponse__Output>): grpc.ClientUnaryCall;
  reportOutcome(argument: _palisade_v1_ReportOutcomeRequest, callback: grpc.requestCallback<_palisade_v1_ReportOutcomeResponse__Output>): grpc.ClientUnaryCall;
  
  StartRun(argument: _palisade_v1_StartRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_RunStatus__Output>): grpc.ClientUnaryCall;
  StartRun(argument: _palisade_v1_StartRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_palisade_v1_RunStatus__Output>): grpc.ClientUnaryCall;
  StartRun(argument: _palisade_v1_StartRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_RunStatus__Output>): grpc.ClientUnaryCall;
  StartRun(argument: _palisade_v1_StartRunRequest, callback: grpc.requestCallback<_palisade_v1_RunStatus__Output>): grpc.ClientUnaryCall;
  startRun(argument: _palisade_v1_StartRunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_RunStatus__Output>): grpc.ClientUnaryCall;
  startRun(argument: _palisade_v1_StartRunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_palisade_v1_RunStatus__Output>): grpc.ClientUnaryCall;
  startRun(argument: _palisade_v1_StartRunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_RunStatus__Output>): grpc.ClientUnaryCall;
  startRun(argument: _palisade_v1_StartRunRequest, callback: grpc.requestCallback<_palisade_v1_RunStatus__Output>): grpc.ClientUnaryCall;
  
  WaitForApproval(argument: _palisade_v1_WaitForApprovalRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_WaitForApprovalResponse__Output>): grpc.ClientUnaryCall;
  WaitForApproval(argument: _palisade_v1_WaitForApprovalRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_palisade_v1_WaitForApprovalResponse__Output>): grpc.ClientUnaryCall;
  WaitForApproval(argument: _palisade_v1_WaitForApprovalRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_WaitForApprovalResponse__Output>): grpc.ClientUnaryCall;
  WaitForApproval(argument: _palisade_v1_WaitForApprovalRequest, callback: grpc.requestCallback<_palisade_v1_WaitForApprovalResponse__Output>): grpc.ClientUnaryCall;
  waitForApproval(argument: _palisade_v1_WaitForApprovalRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_WaitForApprovalResponse__Output>): grpc.ClientUnaryCall;
  waitForApproval(argument: _palisade_v1_WaitForApprovalRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_palisade_v1_WaitForApprovalResponse__Output>): grpc.ClientUnaryCall;
  waitForApproval(argument: _palisade_v1_WaitForApprovalRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_palisade_v1_WaitForApprovalResponse__Output>): grpc.ClientUnaryCall;
  waitForApproval(argument: _palisade_v1_WaitForApprovalRequest, callback: grpc.requestCallback<_palisade_v1_WaitForApprovalResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface AuthorizationServiceHandlers extends grpc.UntypedServiceImplementation {
  Authorize: grpc.handleUnaryCall<_palisade_v1_AuthorizeRequest__Output, _palisade_v1_AuthorizeResponse>;
  
  AuthorizeBatch: grpc.handleUnaryCall<_palisade_v1_AuthorizeBatchRequest__Output, _palisade_v1_AuthorizeBatchResponse>;
  
  AuthorizeStream: grpc.handleBidiStreamingCall<_palisade_v1_AuthorizeRequest__Output, _palisade_v1_AuthorizeResult>;
  
  Constraints: grpc.handleUnaryCall<_palisade_v1_ConstraintsRequest__Output, _palisade_v1_ConstraintsResponse>;
  
  EndRun: grpc.handleUnaryCall<_palisade_v1_EndRunRequest__Output, _palisade_v1_RunStatus>;
  
  GetRun: grpc.handleUnaryCall<_palisade_v1_GetRunRequest__Output, _palisade_v1_RunStatus>;
  
  ReportOutcome: grpc.handleUnaryCall<_palisade_v1_ReportOutcomeRequest__Output, _palisade_v1_ReportOutcomeResponse>;
  
  StartRun: grpc.handleUnaryCall<_palisade_v1_StartRunRequest__Output, _palisade_v1_RunStatus>;
  
  WaitForApproval: grpc.handleUnaryCall<_palisade_v1_WaitForApprovalRequest__Output, _palisade_v1_WaitForApprovalResponse>;
  
}

export interface AuthorizationServiceDefinition extends grpc.ServiceDefinition {
  Authorize: MethodDefinition<_palisade_v1_AuthorizeRequest, _palisade_v1_AuthorizeResponse, _palisade_v1_AuthorizeRequest__Output, _palisade_v1_AuthorizeResponse__Output>
  AuthorizeBatch: MethodDefinition<_palisade_v1_AuthorizeBatchRequest, _palisade_v1_AuthorizeBatchResponse, _palisade_v1_AuthorizeBatchRequest__Output, _palisade_v1_AuthorizeBatchResponse__Output>
  AuthorizeStream: MethodDefinition<_palisade_v1_AuthorizeRequest, _palisade_v1_AuthorizeResult, _palisade_v1_AuthorizeRequest__Output, _palisade_v1_AuthorizeResult__Output>
  Constraints: MethodDefinition<_palisade_v1_ConstraintsRequest, _palisade_v1_ConstraintsResponse, _palisade_v1_ConstraintsRequest__Output, _palisade_v1_ConstraintsResponse__Output>
  EndRun: MethodDefinition<_palisade_v1_EndRunRequest, _palisade_v1_RunStatus, _palisade_v1_EndRunRequest__Output, _palisade_v1_RunStatus__Output>
  GetRun: MethodDefinition<_palisade_v1_GetRunRequest, _palisade_v1_RunStatus, _palisade_v1_GetRunRequest__Output, _palisade_v1_RunStatus__Output>
  ReportOutcome: MethodDefinition<_palisade_v1_ReportOutcomeRequest, _palisade_v1_ReportOutcomeResponse, _palisade_v1_ReportOutcomeRequest__Output, _palisade_v1_ReportOutcomeResponse__Output>
  StartRun: MethodDefinition<_palisade_v1_StartRunRequest, _palisade_v1_RunStatus, _palisade_v1_StartRunRequest__Output, _palisade_v1_RunStatus__Output>
  WaitForApproval: MethodDefinition<_palisade_v1_WaitForApprovalRequest, _palisade_v1_WaitForApprovalResponse, _palisade_v1_WaitForApprovalRequest__Output, _palisade_v1_WaitForApprovalResponse__Output>
}
