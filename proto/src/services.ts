import type { MethodDefinition } from '@grpc/grpc-js';
import {
  ActivateModelRequest,
  ActRequest,
  ActResponse,
  AddExceptionRequest,
  AddExceptionResponse,
  AddHoldRequest,
  AddUserRequest,
  AddUserResponse,
  AgentFrame,
  AlertBudgetReport,
  AlertHistory,
  AuditPart,
  CollectorFrame,
  ComplianceReport,
  ControlRotationRequest,
  CoverageRequest,
  CoverageResponse,
  CreateTokenRequest,
  CreateTokenResponse,
  CryptoReport,
  CryptoReportRequest,
  DestroyEpochRequest,
  EnrolRequest,
  EnrolResponse,
  EraseSubjectRequest,
  ErasureProgress,
  EvaluateModelRequest,
  EvaluateModelResponse,
  EvidenceChunk,
  ExplainAlertRequest,
  ExplainAlertResponse,
  ExplainEventRequest,
  ExplainEventResponse,
  ExportAuditRequest,
  ExportEvidenceRequest,
  ExportRulesRequest,
  ExportRulesResponse,
  GetAgentRequest,
  GetAgentResponse,
  GetAlertBudgetRequest,
  GetAlertHistoryRequest,
  GetAlertRequest,
  GetAlertResponse,
  GetCasRequest,
  GetCasResponse,
  GetComplianceReportRequest,
  GetEntityRequest,
  GetEntityResponse,
  GetExceptionRequest,
  GetExceptionResponse,
  GetIncidentRequest,
  GetIncidentResponse,
  GetKeysRequest,
  GetModelRequest,
  GetModelResponse,
  GetStatusRequest,
  GetVolumesRequest,
  Hold,
  HuntPart,
  HuntRequest,
  ImportIntelRequest,
  ImportIntelResponse,
  ImportRulesRequest,
  ImportRulesResponse,
  KeysReport,
  ListAgentsRequest,
  ListAgentsResponse,
  ListAlertsRequest,
  ListAlertsResponse,
  ListAuditRequest,
  ListAuditResponse,
  ListEntitiesRequest,
  ListEntitiesResponse,
  ListExceptionsRequest,
  ListExceptionsResponse,
  ListHoldsRequest,
  ListHoldsResponse,
  ListHuntsRequest,
  ListHuntsResponse,
  ListIncidentsRequest,
  ListIncidentsResponse,
  ListIntelRequest,
  ListIntelResponse,
  ListIntelSourcesRequest,
  ListIntelSourcesResponse,
  ListModelsRequest,
  ListModelsResponse,
  ListRulesRequest,
  ListRulesResponse,
  ListTreeHeadsRequest,
  ListTreeHeadsResponse,
  ListUsersRequest,
  ListUsersResponse,
  ListUserTokensRequest,
  ListUserTokensResponse,
  LookupIntelRequest,
  LookupIntelResponse,
  MakeUserTokenRequest,
  MakeUserTokenResponse,
  OrderKeysRequest,
  OrderKeysResponse,
  PreviewExceptionRequest,
  PreviewExceptionResponse,
  RecoverRequest,
  RecoverResponse,
  RemoveExceptionRequest,
  RemoveExceptionResponse,
  RemoveHoldRequest,
  RemoveHuntRequest,
  RemoveHuntResponse,
  RemoveIntelRequest,
  RemoveIntelResponse,
  RemoveRulesRequest,
  RemoveRulesResponse,
  RemoveUserRequest,
  RemoveUserResponse,
  RemoveUserTokenRequest,
  RemoveUserTokenResponse,
  RenewConsoleRequest,
  RenewConsoleResponse,
  RetireCaRequest,
  RetireCaResponse,
  RevokeAgentRequest,
  RevokeAgentResponse,
  RollbackModelRequest,
  RotateCaRequest,
  RotateCaResponse,
  RotateKeysRequest,
  RotateKeysResponse,
  SavedHunt,
  SaveHuntRequest,
  ScheduleRotationRequest,
  SearchEventsRequest,
  SearchEventsResponse,
  SetAlertBudgetRequest,
  SetRuleStateRequest,
  SetRuleStateResponse,
  SetUserRoleRequest,
  SetUserRoleResponse,
  ShowRuleRequest,
  ShowRuleResponse,
  SignedAlert,
  StatusReport,
  SubjectPart,
  SubjectRequest,
  TrainingProgress,
  TrainModelsRequest,
  VerifyAuditRequest,
  VerifyAuditResponse,
  Volumes,
  WatchAlertsRequest,
} from './v1.ts';

interface Codec<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

function method<Request, Response>(
  path: string,
  request: Codec<Request>,
  response: Codec<Response>,
  streams: { request?: boolean; response?: boolean } = {},
): MethodDefinition<Request, Response> {
  return {
    path: `/threatguard.v1.${path}`,
    requestStream: streams.request ?? false,
    responseStream: streams.response ?? false,
    requestSerialize: (message) => request.encode(message).finish() as Buffer,
    requestDeserialize: (bytes) => request.decode(bytes),
    responseSerialize: (message) => response.encode(message).finish() as Buffer,
    responseDeserialize: (bytes) => response.decode(bytes),
  };
}

// The services of threatguard/v1/*.proto as grpc-js takes them, for servers and clients alike.

export const telemetryService = {
  stream: method<AgentFrame, CollectorFrame>('Telemetry/Stream', AgentFrame, CollectorFrame, {
    request: true,
    response: true,
  }),
};

export const enrolmentService = {
  enrol: method<EnrolRequest, EnrolResponse>('Enrolment/Enrol', EnrolRequest, EnrolResponse),
  recover: method<RecoverRequest, RecoverResponse>('Enrolment/Recover', RecoverRequest, RecoverResponse),
};

export const consoleService = {
  getStatus: method<GetStatusRequest, StatusReport>('Console/GetStatus', GetStatusRequest, StatusReport),
  listAgents: method<ListAgentsRequest, ListAgentsResponse>(
    'Console/ListAgents',
    ListAgentsRequest,
    ListAgentsResponse,
  ),
  getAgent: method<GetAgentRequest, GetAgentResponse>('Console/GetAgent', GetAgentRequest, GetAgentResponse),
  revokeAgent: method<RevokeAgentRequest, RevokeAgentResponse>(
    'Console/RevokeAgent',
    RevokeAgentRequest,
    RevokeAgentResponse,
  ),
  createToken: method<CreateTokenRequest, CreateTokenResponse>(
    'Console/CreateToken',
    CreateTokenRequest,
    CreateTokenResponse,
  ),
  listAlerts: method<ListAlertsRequest, ListAlertsResponse>(
    'Console/ListAlerts',
    ListAlertsRequest,
    ListAlertsResponse,
  ),
  getAlert: method<GetAlertRequest, GetAlertResponse>('Console/GetAlert', GetAlertRequest, GetAlertResponse),
  watchAlerts: method<WatchAlertsRequest, SignedAlert>('Console/WatchAlerts', WatchAlertsRequest, SignedAlert, {
    response: true,
  }),
  searchEvents: method<SearchEventsRequest, SearchEventsResponse>(
    'Console/SearchEvents',
    SearchEventsRequest,
    SearchEventsResponse,
  ),
  listEntities: method<ListEntitiesRequest, ListEntitiesResponse>(
    'Console/ListEntities',
    ListEntitiesRequest,
    ListEntitiesResponse,
  ),
  listIncidents: method<ListIncidentsRequest, ListIncidentsResponse>(
    'Console/ListIncidents',
    ListIncidentsRequest,
    ListIncidentsResponse,
  ),
  getIncident: method<GetIncidentRequest, GetIncidentResponse>(
    'Console/GetIncident',
    GetIncidentRequest,
    GetIncidentResponse,
  ),
  listAudit: method<ListAuditRequest, ListAuditResponse>('Console/ListAudit', ListAuditRequest, ListAuditResponse),
  verifyAudit: method<VerifyAuditRequest, VerifyAuditResponse>(
    'Console/VerifyAudit',
    VerifyAuditRequest,
    VerifyAuditResponse,
  ),
  getEntity: method<GetEntityRequest, GetEntityResponse>('Console/GetEntity', GetEntityRequest, GetEntityResponse),
  getVolumes: method<GetVolumesRequest, Volumes>('Console/GetVolumes', GetVolumesRequest, Volumes),
};

export const triageService = {
  act: method<ActRequest, ActResponse>('Triage/Act', ActRequest, ActResponse),
  getHistory: method<GetAlertHistoryRequest, AlertHistory>('Triage/GetHistory', GetAlertHistoryRequest, AlertHistory),
};

export const huntService = {
  run: method<HuntRequest, HuntPart>('Hunt/Run', HuntRequest, HuntPart, { response: true }),
  save: method<SaveHuntRequest, SavedHunt>('Hunt/Save', SaveHuntRequest, SavedHunt),
  list: method<ListHuntsRequest, ListHuntsResponse>('Hunt/List', ListHuntsRequest, ListHuntsResponse),
  remove: method<RemoveHuntRequest, RemoveHuntResponse>('Hunt/Remove', RemoveHuntRequest, RemoveHuntResponse),
};

export const certificatesService = {
  getCas: method<GetCasRequest, GetCasResponse>('Certificates/GetCas', GetCasRequest, GetCasResponse),
  rotateCa: method<RotateCaRequest, RotateCaResponse>('Certificates/RotateCa', RotateCaRequest, RotateCaResponse),
  retireCa: method<RetireCaRequest, RetireCaResponse>('Certificates/RetireCa', RetireCaRequest, RetireCaResponse),
  orderKeys: method<OrderKeysRequest, OrderKeysResponse>('Certificates/OrderKeys', OrderKeysRequest, OrderKeysResponse),
  renewConsole: method<RenewConsoleRequest, RenewConsoleResponse>(
    'Certificates/RenewConsole',
    RenewConsoleRequest,
    RenewConsoleResponse,
  ),
};

export const cryptoService = {
  report: method<CryptoReportRequest, CryptoReport>('Crypto/Report', CryptoReportRequest, CryptoReport),
};

export const evidenceService = {
  exportEvidence: method<ExportEvidenceRequest, EvidenceChunk>(
    'Evidence/ExportEvidence',
    ExportEvidenceRequest,
    EvidenceChunk,
    { response: true },
  ),
  listTreeHeads: method<ListTreeHeadsRequest, ListTreeHeadsResponse>(
    'Evidence/ListTreeHeads',
    ListTreeHeadsRequest,
    ListTreeHeadsResponse,
  ),
};

export const keysService = {
  rotateKeys: method<RotateKeysRequest, RotateKeysResponse>('Keys/RotateKeys', RotateKeysRequest, RotateKeysResponse),
  getKeys: method<GetKeysRequest, KeysReport>('Keys/GetKeys', GetKeysRequest, KeysReport),
  controlRotation: method<ControlRotationRequest, KeysReport>(
    'Keys/ControlRotation',
    ControlRotationRequest,
    KeysReport,
  ),
  scheduleRotation: method<ScheduleRotationRequest, KeysReport>(
    'Keys/ScheduleRotation',
    ScheduleRotationRequest,
    KeysReport,
  ),
  destroyEpoch: method<DestroyEpochRequest, KeysReport>('Keys/DestroyEpoch', DestroyEpochRequest, KeysReport),
};

export const modelsService = {
  listModels: method<ListModelsRequest, ListModelsResponse>('Models/ListModels', ListModelsRequest, ListModelsResponse),
  getModel: method<GetModelRequest, GetModelResponse>('Models/GetModel', GetModelRequest, GetModelResponse),
  trainModels: method<TrainModelsRequest, TrainingProgress>(
    'Models/TrainModels',
    TrainModelsRequest,
    TrainingProgress,
    {
      response: true,
    },
  ),
  evaluateModel: method<EvaluateModelRequest, EvaluateModelResponse>(
    'Models/EvaluateModel',
    EvaluateModelRequest,
    EvaluateModelResponse,
  ),
  activateModel: method<ActivateModelRequest, GetModelResponse>(
    'Models/ActivateModel',
    ActivateModelRequest,
    GetModelResponse,
  ),
  rollbackModel: method<RollbackModelRequest, GetModelResponse>(
    'Models/RollbackModel',
    RollbackModelRequest,
    GetModelResponse,
  ),
  explainAlert: method<ExplainAlertRequest, ExplainAlertResponse>(
    'Models/ExplainAlert',
    ExplainAlertRequest,
    ExplainAlertResponse,
  ),
};

export const exceptionsService = {
  previewException: method<PreviewExceptionRequest, PreviewExceptionResponse>(
    'Exceptions/PreviewException',
    PreviewExceptionRequest,
    PreviewExceptionResponse,
  ),
  addException: method<AddExceptionRequest, AddExceptionResponse>(
    'Exceptions/AddException',
    AddExceptionRequest,
    AddExceptionResponse,
  ),
  listExceptions: method<ListExceptionsRequest, ListExceptionsResponse>(
    'Exceptions/ListExceptions',
    ListExceptionsRequest,
    ListExceptionsResponse,
  ),
  getException: method<GetExceptionRequest, GetExceptionResponse>(
    'Exceptions/GetException',
    GetExceptionRequest,
    GetExceptionResponse,
  ),
  removeException: method<RemoveExceptionRequest, RemoveExceptionResponse>(
    'Exceptions/RemoveException',
    RemoveExceptionRequest,
    RemoveExceptionResponse,
  ),
  getAlertBudget: method<GetAlertBudgetRequest, AlertBudgetReport>(
    'Exceptions/GetAlertBudget',
    GetAlertBudgetRequest,
    AlertBudgetReport,
  ),
  setAlertBudget: method<SetAlertBudgetRequest, AlertBudgetReport>(
    'Exceptions/SetAlertBudget',
    SetAlertBudgetRequest,
    AlertBudgetReport,
  ),
};

export const rulesService = {
  listRules: method<ListRulesRequest, ListRulesResponse>('Rules/ListRules', ListRulesRequest, ListRulesResponse),
  showRule: method<ShowRuleRequest, ShowRuleResponse>('Rules/ShowRule', ShowRuleRequest, ShowRuleResponse),
  setRuleState: method<SetRuleStateRequest, SetRuleStateResponse>(
    'Rules/SetRuleState',
    SetRuleStateRequest,
    SetRuleStateResponse,
  ),
  importRules: method<ImportRulesRequest, ImportRulesResponse>(
    'Rules/ImportRules',
    ImportRulesRequest,
    ImportRulesResponse,
  ),
  removeRules: method<RemoveRulesRequest, RemoveRulesResponse>(
    'Rules/RemoveRules',
    RemoveRulesRequest,
    RemoveRulesResponse,
  ),
  exportRules: method<ExportRulesRequest, ExportRulesResponse>(
    'Rules/ExportRules',
    ExportRulesRequest,
    ExportRulesResponse,
  ),
  explainEvent: method<ExplainEventRequest, ExplainEventResponse>(
    'Rules/ExplainEvent',
    ExplainEventRequest,
    ExplainEventResponse,
  ),
  coverage: method<CoverageRequest, CoverageResponse>('Rules/Coverage', CoverageRequest, CoverageResponse),
};

export const complianceService = {
  exportAudit: method<ExportAuditRequest, AuditPart>('Compliance/ExportAudit', ExportAuditRequest, AuditPart, {
    response: true,
  }),
  getComplianceReport: method<GetComplianceReportRequest, ComplianceReport>(
    'Compliance/GetComplianceReport',
    GetComplianceReportRequest,
    ComplianceReport,
  ),
  addHold: method<AddHoldRequest, Hold>('Compliance/AddHold', AddHoldRequest, Hold),
  listHolds: method<ListHoldsRequest, ListHoldsResponse>('Compliance/ListHolds', ListHoldsRequest, ListHoldsResponse),
  removeHold: method<RemoveHoldRequest, Hold>('Compliance/RemoveHold', RemoveHoldRequest, Hold),
  exportSubject: method<SubjectRequest, SubjectPart>('Compliance/ExportSubject', SubjectRequest, SubjectPart, {
    response: true,
  }),
  eraseSubject: method<EraseSubjectRequest, ErasureProgress>(
    'Compliance/EraseSubject',
    EraseSubjectRequest,
    ErasureProgress,
    { response: true },
  ),
};

export const intelService = {
  importIntel: method<ImportIntelRequest, ImportIntelResponse>(
    'Intel/ImportIntel',
    ImportIntelRequest,
    ImportIntelResponse,
    { request: true, response: true },
  ),
  listIntel: method<ListIntelRequest, ListIntelResponse>('Intel/ListIntel', ListIntelRequest, ListIntelResponse),
  lookupIntel: method<LookupIntelRequest, LookupIntelResponse>(
    'Intel/LookupIntel',
    LookupIntelRequest,
    LookupIntelResponse,
  ),
  listIntelSources: method<ListIntelSourcesRequest, ListIntelSourcesResponse>(
    'Intel/ListIntelSources',
    ListIntelSourcesRequest,
    ListIntelSourcesResponse,
  ),
  removeIntel: method<RemoveIntelRequest, RemoveIntelResponse>(
    'Intel/RemoveIntel',
    RemoveIntelRequest,
    RemoveIntelResponse,
  ),
};

export const usersService = {
  listUsers: method<ListUsersRequest, ListUsersResponse>('Users/ListUsers', ListUsersRequest, ListUsersResponse),
  addUser: method<AddUserRequest, AddUserResponse>('Users/AddUser', AddUserRequest, AddUserResponse),
  removeUser: method<RemoveUserRequest, RemoveUserResponse>('Users/RemoveUser', RemoveUserRequest, RemoveUserResponse),
  setUserRole: method<SetUserRoleRequest, SetUserRoleResponse>(
    'Users/SetUserRole',
    SetUserRoleRequest,
    SetUserRoleResponse,
  ),
  listUserTokens: method<ListUserTokensRequest, ListUserTokensResponse>(
    'Users/ListUserTokens',
    ListUserTokensRequest,
    ListUserTokensResponse,
  ),
  makeUserToken: method<MakeUserTokenRequest, MakeUserTokenResponse>(
    'Users/MakeUserToken',
    MakeUserTokenRequest,
    MakeUserTokenResponse,
  ),
  removeUserToken: method<RemoveUserTokenRequest, RemoveUserTokenResponse>(
    'Users/RemoveUserToken',
    RemoveUserTokenRequest,
    RemoveUserTokenResponse,
  ),
};
