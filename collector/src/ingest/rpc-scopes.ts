// What a user needs for each call of a console. One that does not stand here keeps the collector from starting.
import type { ServiceDefinition } from '@grpc/grpc-js';
import type { Scope } from '../access/scopes.ts';

/** `certificate`: any console, whoever sits there, also where a login is needed for everything else. */
export const RPC_SCOPES: Readonly<Record<string, Scope | 'certificate'>> = {
  'Login/GetLogin': 'certificate',
  'Login/LogIn': 'certificate',
  'Login/BeginDeviceLogin': 'certificate',
  'Login/AskDeviceLogin': 'certificate',
  'Login/RefreshLogin': 'certificate',
  'Login/LogOut': 'certificate',
  'Login/WhoAmI': 'certificate',
  // For the key TLS proved, and nothing else.
  'Certificates/RenewConsole': 'certificate',

  'Console/GetStatus': 'monitoring:read',
  'Console/ListAgents': 'agents:read',
  'Console/GetAgent': 'agents:read',
  'Console/RevokeAgent': 'agents:write',
  'Console/LabelAgent': 'agents:write',
  'Console/RemoveAgent': 'agents:write',
  'Console/CreateToken': 'agents:write',
  'Console/ListAlerts': 'alerts:read',
  'Console/GetAlert': 'alerts:read',
  'Console/WatchAlerts': 'alerts:read',
  'Console/SearchEvents': 'events:read',
  'Console/GetEvent': 'events:read',
  'Console/ListEntities': 'risk:read',
  'Console/GetEntity': 'risk:read',
  'Console/GetVolumes': 'monitoring:read',
  'Console/ListIncidents': 'incidents:read',
  'Console/GetIncident': 'incidents:read',
  'Console/ListAudit': 'audit:read',
  'Console/VerifyAudit': 'audit:read',

  'Triage/Act': 'alerts:write',
  'Triage/GetHistory': 'alerts:read',
  'Exceptions/PreviewException': 'alerts:write',
  'Exceptions/AddException': 'alerts:write',
  'Exceptions/ListExceptions': 'alerts:read',
  'Exceptions/GetException': 'alerts:read',
  'Exceptions/RemoveException': 'alerts:write',
  'Exceptions/GetAlertBudget': 'alerts:read',
  'Exceptions/SetAlertBudget': 'rules:write',

  'Hunt/Run': 'events:read',
  'Hunt/Save': 'hunts:write',
  'Hunt/List': 'events:read',
  'Hunt/Remove': 'hunts:write',
  'Evidence/ExportEvidence': 'events:read',
  'Evidence/ListTreeHeads': 'audit:read',

  'Rules/ListRules': 'rules:read',
  'Rules/ShowRule': 'rules:read',
  'Rules/SetRuleState': 'rules:write',
  'Rules/ImportRules': 'rules:write',
  'Rules/RemoveRules': 'rules:write',
  'Rules/ExportRules': 'rules:read',
  'Rules/ExplainEvent': 'events:read',
  'Rules/Coverage': 'rules:read',
  'Intel/ImportIntel': 'indicators:write',
  'Intel/ListIntel': 'indicators:read',
  'Intel/LookupIntel': 'indicators:read',
  'Intel/ListIntelSources': 'indicators:read',
  'Intel/RemoveIntel': 'indicators:write',
  'Models/ListModels': 'rules:read',
  'Models/GetModel': 'rules:read',
  'Models/TrainModels': 'rules:write',
  'Models/EvaluateModel': 'rules:write',
  'Models/ActivateModel': 'rules:write',
  'Models/RollbackModel': 'rules:write',
  'Models/ExplainAlert': 'alerts:read',

  'Crypto/Report': 'agents:read',
  'Keys/GetKeys': 'agents:read',
  'Keys/RotateKeys': 'keys:write',
  'Keys/ControlRotation': 'keys:write',
  'Keys/ScheduleRotation': 'keys:write',
  'Keys/DestroyEpoch': 'keys:write',
  'Certificates/GetCas': 'agents:read',
  'Certificates/RotateCa': 'keys:write',
  'Certificates/RetireCa': 'keys:write',
  'Certificates/OrderKeys': 'keys:write',

  'Compliance/ExportAudit': 'audit:read',
  'Compliance/GetComplianceReport': 'audit:read',
  'Compliance/ListHolds': 'audit:read',
  'Compliance/AddHold': 'compliance:write',
  'Compliance/RemoveHold': 'compliance:write',
  'Compliance/ExportSubject': 'compliance:write',
  'Compliance/EraseSubject': 'compliance:write',

  'Users/ListUsers': 'users:write',
  'Users/AddUser': 'users:write',
  'Users/RemoveUser': 'users:write',
  'Users/SetUserRole': 'users:write',
  'Users/ListUserTokens': 'users:write',
  'Users/MakeUserToken': 'users:write',
  'Users/RemoveUserToken': 'users:write',
};

/** Of a path such as `/threatguard.v1.Console/GetStatus`; undefined where it is no call of consoles. */
export function scopeOfCall(path: string): Scope | 'certificate' | undefined {
  const name = path.replace(/^\/threatguard\.v1\./, '');
  return Object.hasOwn(RPC_SCOPES, name) ? RPC_SCOPES[name] : undefined;
}

/** Throws TypeError naming the calls that do not say who may make them. */
export function mustHaveScopes(definition: ServiceDefinition): void {
  const without = Object.values(definition).filter(({ path }) => scopeOfCall(path) === undefined);
  if (without.length === 0) return;
  throw new TypeError(`no scope in ingest/rpc-scopes.ts: ${without.map(({ path }) => path).join(', ')}`);
}
