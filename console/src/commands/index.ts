import { AgentsLabel } from './agents/label.ts';
import { AgentsList } from './agents/list.ts';
import { AgentsRemove } from './agents/remove.ts';
import { AgentsRevoke } from './agents/revoke.ts';
import { AgentsRotateKey } from './agents/rotate-key.ts';
import { AgentsShow } from './agents/show.ts';
import { AgentsTokenCreate } from './agents/token/create.ts';
import { AlertsAck } from './alerts/ack.ts';
import { AlertsAssign } from './alerts/assign.ts';
import { AlertsBudgetSet } from './alerts/budget/set.ts';
import { AlertsBudget } from './alerts/budget/show.ts';
import { AlertsClose } from './alerts/close.ts';
import { AlertsExcept } from './alerts/except.ts';
import { ExceptionsList } from './alerts/exceptions/list.ts';
import { ExceptionsRemove } from './alerts/exceptions/remove.ts';
import { ExceptionsShow } from './alerts/exceptions/show.ts';
import { AlertsList } from './alerts/list.ts';
import { AlertsNote } from './alerts/note.ts';
import { AlertsReopen } from './alerts/reopen.ts';
import { AlertsShow } from './alerts/show.ts';
import { AlertsWatch } from './alerts/watch.ts';
import { AuditExport } from './audit/export.ts';
import { AuditList } from './audit/list.ts';
import { AuditVerify } from './audit/verify.ts';
import { CaRetire } from './ca/retire.ts';
import { CaRotate } from './ca/rotate.ts';
import { CaStatus } from './ca/status.ts';
import { Complete } from './complete.ts';
import { Completion } from './completion.ts';
import { HoldAdd } from './compliance/hold/add.ts';
import { HoldList } from './compliance/hold/list.ts';
import { HoldRemove } from './compliance/hold/remove.ts';
import { ComplianceReportCommand } from './compliance/report.ts';
import { SubjectErase } from './compliance/subject/erase.ts';
import { SubjectExport } from './compliance/subject/export.ts';
import { ContextAdd } from './context/add.ts';
import { ContextList } from './context/list.ts';
import { ContextRemove } from './context/remove.ts';
import { ContextShow } from './context/show.ts';
import { ContextUse } from './context/use.ts';
import { CryptoReportCommand } from './crypto/report.ts';
import { DashboardCommand } from './dashboard.ts';
import { EntitiesList } from './entities/list.ts';
import { EntitiesShow } from './entities/show.ts';
import { EventsSearch } from './events/search.ts';
import { EventsShow } from './events/show.ts';
import { EventsTail } from './events/tail.ts';
import { EvidenceExport } from './evidence/export.ts';
import { EvidenceHeads } from './evidence/heads.ts';
import { EvidenceShow } from './evidence/show.ts';
import { EvidenceVerify } from './evidence/verify.ts';
import { HuntList } from './hunt/list.ts';
import { HuntRemove } from './hunt/remove.ts';
import { HuntRun } from './hunt/run.ts';
import { HuntSave } from './hunt/save.ts';
import { IncidentsList } from './incidents/list.ts';
import { IncidentsShow } from './incidents/show.ts';
import { IntelImport } from './intel/import.ts';
import { IntelList } from './intel/list.ts';
import { IntelLookup } from './intel/lookup.ts';
import { IntelRemove } from './intel/remove.ts';
import { IntelSources } from './intel/sources.ts';
import { KeysAbort } from './keys/abort.ts';
import { KeysDestroy } from './keys/destroy.ts';
import { KeysPause } from './keys/pause.ts';
import { KeysResume } from './keys/resume.ts';
import { KeysRotate } from './keys/rotate.ts';
import { KeysSchedule } from './keys/schedule.ts';
import { KeysStatus } from './keys/status.ts';
import { LogInCommand } from './login.ts';
import { LogOutCommand } from './logout.ts';
import { ModelsActivate } from './models/activate.ts';
import { ModelsEvaluate } from './models/evaluate.ts';
import { ModelsExplain } from './models/explain.ts';
import { ModelsList } from './models/list.ts';
import { ModelsRollback } from './models/rollback.ts';
import { ModelsShow } from './models/show.ts';
import { ModelsTrain } from './models/train.ts';
import { RulesCoverage } from './rules/coverage.ts';
import { RulesDisable } from './rules/disable.ts';
import { RulesEnable } from './rules/enable.ts';
import { RulesExplain } from './rules/explain.ts';
import { RulesExport } from './rules/export.ts';
import { RulesImport } from './rules/import.ts';
import { RulesList } from './rules/list.ts';
import { RulesRemove } from './rules/remove.ts';
import { RulesShow } from './rules/show.ts';
import { RulesSimulate } from './rules/simulate.ts';
import { Shell } from './shell.ts';
import { Status } from './status.ts';
import { Up } from './up.ts';
import { UsersAdd } from './users/add.ts';
import { UsersList } from './users/list.ts';
import { UsersRemove } from './users/remove.ts';
import { UsersRole } from './users/role.ts';
import { UsersTokenCreate } from './users/token/create.ts';
import { UsersTokenList } from './users/token/list.ts';
import { UsersTokenRemove } from './users/token/remove.ts';
import { WhoAmI } from './whoami.ts';

/** Every command by its words. Each loads what is heavy (gRPC, NATS, Ink) only when it runs. */
export const COMMANDS = {
  up: Up,
  dashboard: DashboardCommand,
  completion: Completion,
  complete: Complete,
  shell: Shell,
  'context:add': ContextAdd,
  'context:use': ContextUse,
  'context:list': ContextList,
  'context:show': ContextShow,
  'context:remove': ContextRemove,
  status: Status,
  login: LogInCommand,
  logout: LogOutCommand,
  whoami: WhoAmI,
  'agents:list': AgentsList,
  'agents:show': AgentsShow,
  'agents:label': AgentsLabel,
  'agents:remove': AgentsRemove,
  'agents:revoke': AgentsRevoke,
  'agents:token:create': AgentsTokenCreate,
  'alerts:list': AlertsList,
  'alerts:show': AlertsShow,
  'alerts:watch': AlertsWatch,
  'alerts:ack': AlertsAck,
  'alerts:assign': AlertsAssign,
  'alerts:note': AlertsNote,
  'alerts:close': AlertsClose,
  'alerts:reopen': AlertsReopen,
  'alerts:except': AlertsExcept,
  'alerts:exceptions:list': ExceptionsList,
  'alerts:exceptions:show': ExceptionsShow,
  'alerts:exceptions:remove': ExceptionsRemove,
  'alerts:budget': AlertsBudget,
  'alerts:budget:show': AlertsBudget,
  'alerts:budget:set': AlertsBudgetSet,
  'events:search': EventsSearch,
  'events:show': EventsShow,
  'events:tail': EventsTail,
  'entities:list': EntitiesList,
  'entities:show': EntitiesShow,
  'hunt:run': HuntRun,
  'hunt:save': HuntSave,
  'hunt:list': HuntList,
  'hunt:remove': HuntRemove,
  'incidents:list': IncidentsList,
  'incidents:show': IncidentsShow,
  'audit:list': AuditList,
  'audit:verify': AuditVerify,
  'audit:export': AuditExport,
  'compliance:report': ComplianceReportCommand,
  'compliance:hold:add': HoldAdd,
  'compliance:hold:list': HoldList,
  'compliance:hold:remove': HoldRemove,
  'compliance:subject:export': SubjectExport,
  'compliance:subject:erase': SubjectErase,
  'agents:rotate-key': AgentsRotateKey,
  'ca:status': CaStatus,
  'ca:rotate': CaRotate,
  'ca:retire': CaRetire,
  'crypto:report': CryptoReportCommand,
  'evidence:export': EvidenceExport,
  'evidence:verify': EvidenceVerify,
  'evidence:show': EvidenceShow,
  'evidence:heads': EvidenceHeads,
  'intel:import': IntelImport,
  'intel:list': IntelList,
  'intel:lookup': IntelLookup,
  'intel:sources': IntelSources,
  'intel:remove': IntelRemove,
  'keys:status': KeysStatus,
  'keys:rotate': KeysRotate,
  'keys:pause': KeysPause,
  'keys:resume': KeysResume,
  'keys:abort': KeysAbort,
  'keys:schedule': KeysSchedule,
  'keys:destroy': KeysDestroy,
  'users:list': UsersList,
  'users:add': UsersAdd,
  'users:remove': UsersRemove,
  'users:role': UsersRole,
  'users:token:create': UsersTokenCreate,
  'users:token:list': UsersTokenList,
  'users:token:remove': UsersTokenRemove,
  'models:list': ModelsList,
  'models:show': ModelsShow,
  'models:train': ModelsTrain,
  'models:evaluate': ModelsEvaluate,
  'models:activate': ModelsActivate,
  'models:rollback': ModelsRollback,
  'models:explain': ModelsExplain,
  'rules:list': RulesList,
  'rules:show': RulesShow,
  'rules:enable': RulesEnable,
  'rules:disable': RulesDisable,
  'rules:simulate': RulesSimulate,
  'rules:import': RulesImport,
  'rules:remove': RulesRemove,
  'rules:export': RulesExport,
  'rules:explain': RulesExplain,
  'rules:coverage': RulesCoverage,
};
