import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from './google/protobuf/Timestamp.ts';
import type { AnswerApprovalRequest as _palisade_v1_AnswerApprovalRequest, AnswerApprovalRequest__Output as _palisade_v1_AnswerApprovalRequest__Output } from './palisade/v1/AnswerApprovalRequest.ts';
import type { ApprovalQuestion as _palisade_v1_ApprovalQuestion, ApprovalQuestion__Output as _palisade_v1_ApprovalQuestion__Output } from './palisade/v1/ApprovalQuestion.ts';
import type { ApprovalServiceClient as _palisade_v1_ApprovalServiceClient, ApprovalServiceDefinition as _palisade_v1_ApprovalServiceDefinition } from './palisade/v1/ApprovalService.ts';
import type { ExaminedApproval as _palisade_v1_ExaminedApproval, ExaminedApproval__Output as _palisade_v1_ExaminedApproval__Output } from './palisade/v1/ExaminedApproval.ts';
import type { GetApprovalRequest as _palisade_v1_GetApprovalRequest, GetApprovalRequest__Output as _palisade_v1_GetApprovalRequest__Output } from './palisade/v1/GetApprovalRequest.ts';
import type { GivenAnswer as _palisade_v1_GivenAnswer, GivenAnswer__Output as _palisade_v1_GivenAnswer__Output } from './palisade/v1/GivenAnswer.ts';
import type { ListApprovalsRequest as _palisade_v1_ListApprovalsRequest, ListApprovalsRequest__Output as _palisade_v1_ListApprovalsRequest__Output } from './palisade/v1/ListApprovalsRequest.ts';
import type { ListApprovalsResponse as _palisade_v1_ListApprovalsResponse, ListApprovalsResponse__Output as _palisade_v1_ListApprovalsResponse__Output } from './palisade/v1/ListApprovalsResponse.ts';
import type { ShownEntity as _palisade_v1_ShownEntity, ShownEntity__Output as _palisade_v1_ShownEntity__Output } from './palisade/v1/ShownEntity.ts';
import type { ShownField as _palisade_v1_ShownField, ShownField__Output as _palisade_v1_ShownField__Output } from './palisade/v1/ShownField.ts';
import type { ShownRequest as _palisade_v1_ShownRequest, ShownRequest__Output as _palisade_v1_ShownRequest__Output } from './palisade/v1/ShownRequest.ts';
import type { WantedGroup as _palisade_v1_WantedGroup, WantedGroup__Output as _palisade_v1_WantedGroup__Output } from './palisade/v1/WantedGroup.ts';
import type { WatchApprovalsRequest as _palisade_v1_WatchApprovalsRequest, WatchApprovalsRequest__Output as _palisade_v1_WatchApprovalsRequest__Output } from './palisade/v1/WatchApprovalsRequest.ts';

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
      AnswerApprovalRequest: MessageTypeDefinition<_palisade_v1_AnswerApprovalRequest, _palisade_v1_AnswerApprovalRequest__Output>
      ApprovalQuestion: MessageTypeDefinition<_palisade_v1_ApprovalQuestion, _palisade_v1_ApprovalQuestion__Output>
      ApprovalService: SubtypeConstructor<typeof grpc.Client, _palisade_v1_ApprovalServiceClient> & { service: _palisade_v1_ApprovalServiceDefinition }
      ExaminedApproval: MessageTypeDefinition<_palisade_v1_ExaminedApproval, _palisade_v1_ExaminedApproval__Output>
      GetApprovalRequest: MessageTypeDefinition<_palisade_v1_GetApprovalRequest, _palisade_v1_GetApprovalRequest__Output>
      GivenAnswer: MessageTypeDefinition<_palisade_v1_GivenAnswer, _palisade_v1_GivenAnswer__Output>
      ListApprovalsRequest: MessageTypeDefinition<_palisade_v1_ListApprovalsRequest, _palisade_v1_ListApprovalsRequest__Output>
      ListApprovalsResponse: MessageTypeDefinition<_palisade_v1_ListApprovalsResponse, _palisade_v1_ListApprovalsResponse__Output>
      ShownEntity: MessageTypeDefinition<_palisade_v1_ShownEntity, _palisade_v1_ShownEntity__Output>
      ShownField: MessageTypeDefinition<_palisade_v1_ShownField, _palisade_v1_ShownField__Output>
      ShownRequest: MessageTypeDefinition<_palisade_v1_ShownRequest, _palisade_v1_ShownRequest__Output>
      WantedGroup: MessageTypeDefinition<_palisade_v1_WantedGroup, _palisade_v1_WantedGroup__Output>
      WatchApprovalsRequest: MessageTypeDefinition<_palisade_v1_WatchApprovalsRequest, _palisade_v1_WatchApprovalsRequest__Output>
    }
  }
}

