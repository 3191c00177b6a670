import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from './google/protobuf/Timestamp.ts';
import type { ActionConstraints as _palisade_v1_ActionConstraints, ActionConstraints__Output as _palisade_v1_ActionConstraints__Output } from './palisade/v1/ActionConstraints.ts';
import type { Approval as _palisade_v1_Approval, Approval__Output as _palisade_v1_Approval__Output } from './palisade/v1/Approval.ts';
import type { AuthorizationServiceClient as _palisade_v1_AuthorizationServiceClient, AuthorizationServiceDefinition as _palisade_v1_AuthorizationServiceDefinition } from './palisade/v1/AuthorizationService.ts';
import type { AuthorizeBatchRequest as _palisade_v1_AuthorizeBatchRequest, AuthorizeBatchRequest__Output as _palisade_v1_AuthorizeBatchRequest__Output } from './palisade/v1/AuthorizeBatchRequest.ts';
import type { AuthorizeBatchResponse as _palisade_v1_AuthorizeBatchResponse, AuthorizeBatchResponse__Output as _palisade_v1_AuthorizeBatchResponse__Output } from './palisade/v1/AuthorizeBatchResponse.ts';
import type { AuthorizeRequest as _palisade_v1_AuthorizeRequest, AuthorizeRequest__Output as _palisade_v1_AuthorizeRequest__Output } from './palisade/v1/AuthorizeRequest.ts';
import type { AuthorizeResponse as _palisade_v1_AuthorizeResponse, AuthorizeResponse__Output as _palisade_v1_AuthorizeResponse__Output } from './palisade/v1/AuthorizeResponse.ts';
import type { AuthorizeResult as _palisade_v1_AuthorizeResult, AuthorizeResult__Output as _palisade_v1_AuthorizeResult__Output } from './palisade/v1/AuthorizeResult.ts';
import type { Bundle as _palisade_v1_Bundle, Bundle__Output as _palisade_v1_Bundle__Output } from './palisade/v1/Bundle.ts';
import type { ConstraintsRequest as _palisade_v1_ConstraintsRequest, ConstraintsRequest__Output as _palisade_v1_ConstraintsRequest__Output } from './palisade/v1/ConstraintsRequest.ts';
import type { ConstraintsResponse as _palisade_v1_ConstraintsResponse, ConstraintsResponse__Output as _palisade_v1_ConstraintsResponse__Output } from './palisade/v1/ConstraintsResponse.ts';
import type { DeterminingPolicy as _palisade_v1_DeterminingPolicy, DeterminingPolicy__Output as _palisade_v1_DeterminingPolicy__Output } from './palisade/v1/DeterminingPolicy.ts';
import type { EndRunRequest as _palisade_v1_EndRunRequest, EndRunRequest__Output as _palisade_v1_EndRunRequest__Output } from './palisade/v1/EndRunRequest.ts';
import type { Entity as _palisade_v1_Entity, Entity__Output as _palisade_v1_Entity__Output } from './palisade/v1/Entity.ts';
import type { EntityList as _palisade_v1_EntityList, EntityList__Output as _palisade_v1_EntityList__Output } from './palisade/v1/EntityList.ts';
import type { EntityUid as _palisade_v1_EntityUid, EntityUid__Output as _palisade_v1_EntityUid__Output } from './palisade/v1/EntityUid.ts';
import type { Error as _palisade_v1_Error, Error__Output as _palisade_v1_Error__Output } from './palisade/v1/Error.ts';
import type { Explanation as _palisade_v1_Explanation, Explanation__Output as _palisade_v1_Explanation__Output } from './palisade/v1/Explanation.ts';
import type { Extension as _palisade_v1_Extension, Extension__Output as _palisade_v1_Extension__Output } from './palisade/v1/Extension.ts';
import type { Field as _palisade_v1_Field, Field__Output as _palisade_v1_Field__Output } from './palisade/v1/Field.ts';
import type { GetRunRequest as _palisade_v1_GetRunRequest, GetRunRequest__Output as _palisade_v1_GetRunRequest__Output } from './palisade/v1/GetRunRequest.ts';
import type { LimitCost as _palisade_v1_LimitCost, LimitCost__Output as _palisade_v1_LimitCost__Output } from './palisade/v1/LimitCost.ts';
import type { LimitState as _palisade_v1_LimitState, LimitState__Output as _palisade_v1_LimitState__Output } from './palisade/v1/LimitState.ts';
import type { Obligation as _palisade_v1_Obligation, Obligation__Output as _palisade_v1_Obligation__Output } from './palisade/v1/Obligation.ts';
import type { PolicyError as _palisade_v1_PolicyError, PolicyError__Output as _palisade_v1_PolicyError__Output } from './palisade/v1/PolicyError.ts';
import type { PolicyResidual as _palisade_v1_PolicyResidual, PolicyResidual__Output as _palisade_v1_PolicyResidual__Output } from './palisade/v1/PolicyResidual.ts';
import type { Record as _palisade_v1_Record, Record__Output as _palisade_v1_Record__Output } from './palisade/v1/Record.ts';
import type { ReportOutcomeRequest as _palisade_v1_ReportOutcomeRequest, ReportOutcomeRequest__Output as _palisade_v1_ReportOutcomeRequest__Output } from './palisade/v1/ReportOutcomeRequest.ts';
import type { ReportOutcomeResponse as _palisade_v1_ReportOutcomeResponse, ReportOutcomeResponse__Output as _palisade_v1_ReportOutcomeResponse__Output } from './palisade/v1/ReportOutcomeResponse.ts';
import type { Run as _palisade_v1_Run, Run__Output as _palisade_v1_Run__Output } from './palisade/v1/Run.ts';
import type { RunStatus as _palisade_v1_RunStatus, RunStatus__Output as _palisade_v1_RunStatus__Output } from './palisade/v1/RunStatus.ts';
import type { Set as _palisade_v1_Set, Set__Output as _palisade_v1_Set__Output } from './palisade/v1/Set.ts';
import type { SettledLimit as _palisade_v1_SettledLimit, SettledLimit__Output as _palisade_v1_SettledLimit__Output } from './palisade/v1/SettledLimit.ts';
import type { StartRunRequest as _palisade_v1_StartRunRequest, StartRunRequest__Output as _palisade_v1_StartRunRequest__Output } from './palisade/v1/StartRunRequest.ts';
import type { TypeConstraints as _palisade_v1_TypeConstraints, TypeConstraints__Output as _palisade_v1_TypeConstraints__Output } from './palisade/v1/TypeConstraints.ts';
import type { Value as _palisade_v1_Value, Value__Output as _palisade_v1_Value__Output } from './palisade/v1/Value.ts';
import type { WaitForApprovalRequest as _palisade_v1_WaitForApprovalRequest, WaitForApprovalRequest__Output as _palisade_v1_WaitForApprovalRequest__Output } from './palisade/v1/WaitForApprovalRequest.ts';
import type { WaitForApprovalResponse as _palisade_v1_WaitForApprovalResponse, WaitForApprovalResponse__Output as _palisade_v1_WaitForApprovalResponse__Output } from './palisade/v1/WaitForApprovalResponse.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  google: {
    protobuf: {
      Timestamp: MessageTypeDefinition<_google_protobuf_Timestamp, _google_protobuf_Timestamp__Output>
    }
  }
  palisade: {
    v1: {
      ActionConstraints: MessageTypeDefinition<_palisade_v1_ActionConstraints, _palisade_v1_ActionConstraints__Output>
      Approval: MessageTypeDefinition<_palisade_v1_Approval, _palisade_v1_Approval__Output>
      AuthorizationService: SubtypeConstructor<typeof grpc.Client, _palisade_v1_AuthorizationServiceClient> & { service: _palisade_v1_AuthorizationServiceDefinition }
      AuthorizeBatchRequest: MessageTypeDefinition<_palisade_v1_AuthorizeBatchRequest, _palisade_v1_AuthorizeBatchRequest__Output>
      AuthorizeBatchResponse: MessageTypeDefinition<_palisade_v1_AuthorizeBatchResponse, _palisade_v1_AuthorizeBatchResponse__Output>
      AuthorizeRequest: MessageTypeDefinition<_palisade_v1_AuthorizeRequest, _palisade_v1_AuthorizeRequest__Output>
      AuthorizeResponse: MessageTypeDefinition<_palisade_v1_AuthorizeResponse, _palisade_v1_AuthorizeResponse__Output>
      AuthorizeResult: MessageTypeDefinition<_palisade_v1_AuthorizeResult, _palisade_v1_AuthorizeResult__Output>
      Bundle: MessageTypeDefinition<_palisade_v1_Bundle, _palisade_v1_Bundle__Output>
      ConstraintsRequest: MessageTypeDefinition<_palisade_v1_ConstraintsRequest, _palisade_v1_ConstraintsRequest__Output>
      ConstraintsResponse: MessageTypeDefinition<_palisade_v1_ConstraintsResponse, _palisade_v1_ConstraintsResponse__Output>
      Decision: EnumTypeDefinition
      Detail: EnumTypeDefinition
      DeterminingPolicy: MessageTypeDefinition<_palisade_v1_DeterminingPolicy, _palisade_v1_DeterminingPolicy__Output>
      Effect: EnumTypeDefinition
      EndRunRequest: MessageTypeDefinition<_palisade_v1_EndRunRequest, _palisade_v1_EndRunRequest__Output>
      Enforcement: EnumTypeDefinition
      Entity: MessageTypeDefinition<_palisade_v1_Entity, _palisade_v1_Entity__Output>
      EntityList: MessageTypeDefinition<_palisade_v1_EntityList, _palisade_v1_EntityList__Output>
      EntityUid: MessageTypeDefinition<_palisade_v1_EntityUid, _palisade_v1_EntityUid__Output>
      Error: MessageTypeDefinition<_palisade_v1_Error, _palisade_v1_Error__Output>
      Explanation: MessageTypeDefinition<_palisade_v1_Explanation, _palisade_v1_Explanation__Output>
      Extension: MessageTypeDefinition<_palisade_v1_Extension, _palisade_v1_Extension__Output>
      Field: MessageTypeDefinition<_palisade_v1_Field, _palisade_v1_Field__Output>
      GetRunRequest: MessageTypeDefinition<_palisade_v1_GetRunRequest, _palisade_v1_GetRunRequest__Output>
      LimitCost: MessageTypeDefinition<_palisade_v1_LimitCost, _palisade_v1_LimitCost__Output>
      LimitState: MessageTypeDefinition<_palisade_v1_LimitState, _palisade_v1_LimitState__Output>
      Mode: EnumTypeDefinition
      Obligation: MessageTypeDefinition<_palisade_v1_Obligation, _palisade_v1_Obligation__Output>
      Outcome: EnumTypeDefinition
      PolicyError: MessageTypeDefinition<_palisade_v1_PolicyError, _palisade_v1_PolicyError__Output>
      PolicyResidual: MessageTypeDefinition<_palisade_v1_PolicyResidual, _palisade_v1_PolicyResidual__Output>
      Record: MessageTypeDefinition<_palisade_v1_Record, _palisade_v1_Record__Output>
      ReportOutcomeRequest: MessageTypeDefinition<_palisade_v1_ReportOutcomeRequest, _palisade_v1_ReportOutcomeRequest__Output>
      ReportOutcomeResponse: MessageTypeDefinition<_palisade_v1_ReportOutcomeResponse, _palisade_v1_ReportOutcomeResponse__Output>
      Run: MessageTypeDefinition<_palisade_v1_Run, _palisade_v1_Run__Output>
      RunStatus: MessageTypeDefinition<_palisade_v1_RunStatus, _palisade_v1_RunStatus__Output>
      Set: MessageTypeDefinition<_palisade_v1_Set, _palisade_v1_Set__Output>
      SettledLimit: MessageTypeDefinition<_palisade_v1_SettledLimit, _palisade_v1_SettledLimit__Output>
      StartRunRequest: MessageTypeDefinition<_palisade_v1_StartRunRequest, _palisade_v1_StartRunRequest__Output>
      TypeConstraints: MessageTypeDefinition<_palisade_v1_TypeConstraints, _palisade_v1_TypeConstraints__Output>
      Value: MessageTypeDefinition<_palisade_v1_Value, _palisade_v1_Value__Output>
      WaitForApprovalRequest: MessageTypeDefinition<_palisade_v1_WaitForApprovalRequest, _palisade_v1_WaitForApprovalRequest__Output>
      WaitForApprovalResponse: MessageTypeDefinition<_palisade_v1_WaitForApprovalResponse, _palisade_v1_WaitForApprovalResponse__Output>
    }
  }
}

