import {
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type Metadata,
  type MethodDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import {
  type ActivateModelRequest,
  type ActRequest,
  type ActResult,
  type AddExceptionRequest,
  type AddExceptionResponse,
  type AddHoldRequest,
  type AddUserRequest,
  type AddUserResponse,
  type AgentSummary,
  type Alert,
  type AlertAct,
  type AlertBudgetReport,
  type AlertFilter,
  type AlertOrder,
  type ApiUser,
  type AuditEntry,
  type AuditPart,
  type Ca,
  type ComplianceReport,
  type CoverageResponse,
  type CreateTokenRequest,
  type CreateTokenResponse,
  type CryptoReport,
  certificatesService,
  complianceService,
  consoleService,
  cryptoService,
  type DestroyEpochRequest,
  type Entity,
  type EraseSubjectRequest,
  type ErasureProgress,
  type EvaluateModelResponse,
  type EvidenceChunk,
  type ExplainAlertResponse,
  type ExplainEventResponse,
  type ExportEvidenceRequest,
  evidenceService,
  exceptionsService,
  type GetAgentResponse,
  type GetAlertResponse,
  type GetComplianceReportRequest,
  type GetEntityRequest,
  type GetEntityResponse,
  type GetExceptionResponse,
  type GetModelResponse,
  type Hold,
  type HuntPart,
  type HuntRequest,
  huntService,
  type ImportIntelRequest,
  type ImportIntelResponse,
  type ImportRulesRequest,
  type ImportRulesResponse,
  type Incident,
  type IntelImport,
  type IntelIndicator,
  type IntelReport,
  intelService,
  type KeysReport,
  keysService,
  type ListIncidentsRequest,
  type ListIntelRequest,
  type ListIntelSourcesResponse,
  type ListModelsResponse,
  type ListRulesRequest,
  type ListRulesResponse,
  type LookupIntelResponse,
  type MakeUserTokenRequest,
  type MakeUserTokenResponse,
  modelsService,
  type OrderKeysResponse,
  type PreviewExceptionRequest,
  type PreviewExceptionResponse,
  RENEW_METADATA,
  type RemoveIntelRequest,
  type RemoveIntelResponse,
  type RemoveRulesResponse,
  type RemoveUserResponse,
  type RetireCaResponse,
  type RevokeAgentResponse,
  type RotateCaResponse,
  type RotateKeysRequest,
  type RotateKeysResponse,
  type RuleException,
  type RuleFileText,
  rulesService,
  type SavedHunt,
  type SaveHuntRequest,
  type SearchEventsRequest,
  type SetRuleStateRequest,
  type SetRuleStateResponse,
  type SetUserRoleRequest,
  type SetUserRoleResponse,
  type ShowRuleResponse,
  type SignedAlert,
  type SignedTreeHead,
  type StatusReport,
  type StoredEvent,
  type SubjectPart,
  type SubjectRequest,
  type TrainingProgress,
  triageService,
  type UserToken,
  usersService,
  type VerifyAuditResponse,
  type Volumes,
} from '@threatguard/proto';

import { channelOptionsFor, collectorCredentials } from '@threatguard/proto/client';
import { ConsoleError } from '../model/console-error.ts';
import type { Deployment } from './deployment.ts';
import { saveRenewed } from './renew-identity.ts';
import { toConsoleError } from './rpc-error.ts';

/** A call that takes longer is given up: the collector is there but not serving. */
const CALL_MS_MAX = 10_000;
/** A report asks the store twenty things, each within the time of a read. */
const REPORT_MS_MAX = 240_000;
/** Of what compiles rules: a collector gives thousands of them half a minute, and may do it several times. */
const RULES_MS_MAX = 120_000;
/** Rows asked for in one page. */
const PAGE_ROWS = 500;
/** Of indicators, which are small; a collector gives no more at once. */
const INTEL_PAGE_ROWS = 1_000;
/** Of a file in one message. */
const IMPORT_PART_BYTES = 256 * 1024;

/** A search that takes longer is not gone on with by itself: a person decides. */
const SEARCH_MS_MAX = 30_000;

export interface FoundEvents {
  rows: StoredEvent[];
  /** Set where older events were not looked at. */
  searchedBackToUs?: number;
}

/** The collector's console service over mutual TLS. Every failure is a ConsoleError that says what to do. */
export class CollectorClient implements Disposable {
  readonly address: string;
  readonly #client: Client;
  readonly #deployment: Deployment;
  readonly #note: (text: string) => void;
  /** Why the collector wants this console's certificate renewed, until that was tried. */
  #renewal: string | undefined;
  #renewing: Promise<void> | undefined;

  /** `note` is told what a person should know and no answer says. */
  constructor(deployment: Deployment, note: (text: string) => void = () => undefined) {
    this.address = deployment.collector;
    this.#deployment = deployment;
    this.#note = note;
    const credentials = collectorCredentials({
      ca: deployment.ca,
      certificate: deployment.certificate,
      key: deployment.key,
    });
    this.#client = new Client(deployment.collector, credentials, {
      ...channelOptionsFor(deployment),
      // A person waits: after a restart of the collector the next call must not.
      'grpc.max_reconnect_backoff_ms': 2000,
    });
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  getStatus(): Promise<StatusReport> {
    return this.#call(consoleService.getStatus, {});
  }

  async listAgents(): Promise<AgentSummary[]> {
    return (await this.#call(consoleService.listAgents, {})).agents ?? [];
  }

  getAgent(agent: string): Promise<GetAgentResponse> {
    return this.#call(consoleService.getAgent, { agent });
  }

  revokeAgent(agent: string): Promise<RevokeAgentResponse> {
    return this.#call(consoleService.revokeAgent, { agent });
  }

  /** Of the hosts against a profile; the fleet's own where `policy` is empty. */
  reportCrypto(policy: string): Promise<CryptoReport> {
    return this.#call(cryptoService.report, { policy });
  }

  async listUsers(): Promise<ApiUser[]> {
    return (await this.#call(usersService.listUsers, {})).users ?? [];
  }

  addUser(request: AddUserRequest): Promise<AddUserResponse> {
    return this.#call(usersService.addUser, request);
  }

  removeUser(name: string): Promise<RemoveUserResponse> {
    return this.#call(usersService.removeUser, { name });
  }

  setUserRole(request: SetUserRoleRequest): Promise<SetUserRoleResponse> {
    return this.#call(usersService.setUserRole, request);
  }

  /** Of one user, or of all for ''. */
  async listUserTokens(user: string): Promise<UserToken[]> {
    return (await this.#call(usersService.listUserTokens, { user })).tokens ?? [];
  }

  makeUserToken(request: MakeUserTokenRequest): Promise<MakeUserTokenResponse> {
    return this.#call(usersService.makeUserToken, request);
  }

  async removeUserToken(id: string): Promise<void> {
    await this.#call(usersService.removeUserToken, { id });
  }

  createToken(request: CreateTokenRequest): Promise<CreateTokenResponse> {
    return this.#call(consoleService.createToken, request);
  }

  /** Newest first. */
  async listCas(): Promise<Ca[]> {
    return (await this.#call(certificatesService.getCas, {})).cas ?? [];
  }

  rotateCa(): Promise<RotateCaResponse> {
    return this.#call(certificatesService.rotateCa, {});
  }

  retireCa(force: boolean): Promise<RetireCaResponse> {
    return this.#call(certificatesService.retireCa, { force });
  }

  /** Of one agent by name or id, or of all for ''. */
  orderKeys(agent: string): Promise<OrderKeysResponse> {
    return this.#call(certificatesService.orderKeys, { agent });
  }

  getAlert(id: string): Promise<GetAlertResponse> {
    return this.#call(consoleService.getAlert, { id });
  }

  /** One result for each target, in order. */
  async actOnAlerts(request: ActRequest): Promise<ActResult[]> {
    return (await this.#call(triageService.act, request)).results ?? [];
  }

  /** What people did about an alert, oldest first. */
  async alertHistory(id: string): Promise<AlertAct[]> {
    return (await this.#call(triageService.getHistory, { id })).acts ?? [];
  }

  /** Newest first or in another order, at most `limit`, over as many pages as it takes. */
  listAlerts(filter: AlertFilter, limit: number, order?: AlertOrder): Promise<Alert[]> {
    return collect(limit, async (rows, after) => {
      const page = await this.#call(consoleService.listAlerts, { filter, limit: rows, after, order });
      return { rows: page.alerts ?? [], next: page.next ?? '' };
    });
  }

  /**
   * Newest first, at most `limit`, over as many answers as it takes; a collector that has much to look through answers in
   * parts. Where that takes too long `searchedBackToUs` says how far it came.
   */
  async searchEvents(
    query: Omit<SearchEventsRequest, 'limit' | 'after'>,
    limit: number,
    nowMs: () => number = () => performance.now(),
  ): Promise<FoundEvents> {
    const sinceMs = nowMs();
    const found: StoredEvent[] = [];
    for (let after = ''; ; ) {
      const rows = Math.min(PAGE_ROWS, limit - found.length);
      const page = await this.#call(consoleService.searchEvents, { ...query, limit: rows, after });
      found.push(...(page.events ?? []));
      const goesOn = page.next && page.next !== after && found.length < limit;
      if (!goesOn) return { rows: found.slice(0, limit) };
      if (page.searchedBackToUs && nowMs() - sinceMs >= SEARCH_MS_MAX) {
        return { rows: found, searchedBackToUs: page.searchedBackToUs };
      }
      after = page.next ?? '';
    }
  }

  /** Highest risk first, at most `limit`. */
  listEntities(kind: string, limit: number): Promise<Entity[]> {
    return collect(limit, async (rows, after) => {
      const page = await this.#call(consoleService.listEntities, { kind, limit: rows, after });
      return { rows: page.entities ?? [], next: page.next ?? '' };
    });
  }

  /** By AGENT/STREAM/SEQUENCE/INDEX. */
  getEvent(event: string): Promise<StoredEvent> {
    return this.#call(consoleService.getEvent, { event });
  }

  getEntity(request: GetEntityRequest): Promise<GetEntityResponse> {
    return this.#call(consoleService.getEntity, request);
  }

  /** By hour since a time. */
  getVolumes(sinceUs: number): Promise<Volumes> {
    return this.#call(consoleService.getVolumes, { sinceUs });
  }

  /** Newest change first, at most `limit`. */
  listIncidents(filter: Pick<ListIncidentsRequest, 'state' | 'severityMin'>, limit: number): Promise<Incident[]> {
    return collect(limit, async (rows, after) => {
      const page = await this.#call(consoleService.listIncidents, { ...filter, limit: rows, after });
      return { rows: page.incidents ?? [], next: page.next ?? '' };
    });
  }

  async getIncident(id: string): Promise<Incident | undefined> {
    return (await this.#call(consoleService.getIncident, { id })).incident ?? undefined;
  }

  /** Newest first, at most `limit`. */
  listAudit(limit: number): Promise<AuditEntry[]> {
    return collect(limit, async (rows, after) => {
      const page = await this.#call(consoleService.listAudit, { limit: rows, after });
      return { rows: page.entries ?? [], next: page.next ?? '' };
    });
  }

  verifyAudit(): Promise<VerifyAuditResponse> {
    return this.#call(consoleService.verifyAudit, {});
  }

  /** Alerts as they are raised, from `onOpen` on. Resolves when the stream ends by `signal`; throws when it breaks. */
  watchAlerts(
    filter: AlertFilter,
    options: { signal: AbortSignal; onOpen(): void; onAlert(signed: SignedAlert): void },
  ): Promise<void> {
    const method = consoleService.watchAlerts;
    const stream: ClientReadableStream<SignedAlert> = this.#client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      { filter },
    );
    const cancel = () => stream.cancel();
    options.signal.addEventListener('abort', cancel, { once: true });
    return new Promise<void>((resolve, reject) => {
      stream.on('metadata', options.onOpen);
      stream.on('data', options.onAlert);
      stream.on('error', (error: ServiceError) => {
        if (options.signal.aborted) resolve();
        else reject(toConsoleError(error, this.address));
      });
      stream.on('end', resolve);
      if (options.signal.aborted) cancel();
    }).finally(() => options.signal.removeEventListener('abort', cancel));
  }

  /** A bundle in parts, as fast as they are taken, until the signal fires. */
  exportEvidence(request: ExportEvidenceRequest, signal: AbortSignal): AsyncIterable<EvidenceChunk> {
    return this.#stream(evidenceService.exportEvidence, request, signal);
  }

  exportAudit(signal: AbortSignal): AsyncIterable<AuditPart> {
    return this.#stream(complianceService.exportAudit, {}, signal);
  }

  getComplianceReport(request: GetComplianceReportRequest): Promise<ComplianceReport> {
    return this.#call(complianceService.getComplianceReport, request, REPORT_MS_MAX);
  }

  addHold(request: AddHoldRequest): Promise<Hold> {
    return this.#call(complianceService.addHold, request);
  }

  /** Newest first; `removed` adds those that are no longer in force. */
  async listHolds(removed: boolean): Promise<Hold[]> {
    return (await this.#call(complianceService.listHolds, { removed })).holds ?? [];
  }

  removeHold(id: string): Promise<Hold> {
    return this.#call(complianceService.removeHold, { id });
  }

  exportSubject(request: SubjectRequest, signal: AbortSignal): AsyncIterable<SubjectPart> {
    return this.#stream(complianceService.exportSubject, request, signal);
  }

  eraseSubject(request: EraseSubjectRequest, signal: AbortSignal): AsyncIterable<ErasureProgress> {
    return this.#stream(complianceService.eraseSubject, request, signal);
  }

  async *#stream<Request, Part>(
    method: MethodDefinition<Request, Part>,
    request: Request,
    signal: AbortSignal,
  ): AsyncIterable<Part> {
    const stream: ClientReadableStream<Part> = this.#client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
    );
    const cancel = () => stream.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      if (signal.aborted) cancel();
      yield* stream;
    } catch (error) {
      throw toConsoleError(error as ServiceError, this.address);
    } finally {
      signal.removeEventListener('abort', cancel);
      cancel();
    }
  }

  /** Newest first. */
  async listTreeHeads(limit: number): Promise<SignedTreeHead[]> {
    return (await this.#call(evidenceService.listTreeHeads, { limit })).heads ?? [];
  }

  /** A hunt in parts, as they are found, until the signal fires; the collector then ends it too. */
  async *runHunt(request: HuntRequest, signal: AbortSignal): AsyncIterable<HuntPart> {
    try {
      yield* this.#stream(huntService.run, request, signal);
    } catch (error) {
      // Whoever ended it keeps what was found.
      if (!signal.aborted) throw error;
    }
  }

  listModels(): Promise<ListModelsResponse> {
    return this.#call(modelsService.listModels, {});
  }

  /** Of version 0 the active one, else the newest. */
  getModel(name: string, version: number): Promise<GetModelResponse> {
    return this.#call(modelsService.getModel, { name, version });
  }

  evaluateModel(name: string, version: number): Promise<EvaluateModelResponse> {
    return this.#call(modelsService.evaluateModel, { name, version });
  }

  activateModel(request: ActivateModelRequest): Promise<GetModelResponse> {
    return this.#call(modelsService.activateModel, request);
  }

  rollbackModel(name: string): Promise<GetModelResponse> {
    return this.#call(modelsService.rollbackModel, { name });
  }

  explainAlert(alertId: string): Promise<ExplainAlertResponse> {
    return this.#call(modelsService.explainAlert, { alertId });
  }

  /** How training goes, until it is done. When the signal fires the collector ends it, and keeps nothing of it. */
  trainModels(name: string, signal: AbortSignal): AsyncIterable<TrainingProgress> {
    return this.#stream(modelsService.trainModels, { name }, signal);
  }

  saveHunt(request: SaveHuntRequest): Promise<SavedHunt> {
    return this.#call(huntService.save, request);
  }

  /** By name. */
  async listHunts(): Promise<SavedHunt[]> {
    return (await this.#call(huntService.list, {})).hunts ?? [];
  }

  async removeHunt(name: string): Promise<void> {
    await this.#call(huntService.remove, { name });
  }

  /** Resolves when the collector has it. When the signal fires before, nothing has changed. */
  async importIntel(
    request: IntelImport,
    parts: AsyncIterable<Uint8Array>,
    options: { signal: AbortSignal; onProgress(stage: string, bytes: number): void },
  ): Promise<IntelReport> {
    const method = intelService.importIntel;
    const stream: ClientDuplexStream<ImportIntelRequest, ImportIntelResponse> = this.#client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
    );
    let report: IntelReport | undefined;
    const answered = new Promise<void>((resolve, reject) => {
      stream.on('data', (answer: ImportIntelResponse) => {
        if (answer.report) report = answer.report;
        else if (answer.stage === 'reading') options.onProgress('reading', answer.bytes ?? 0);
      });
      stream.on('error', (error: ServiceError) => {
        if (options.signal.aborted) reject(new ConsoleError('failure', 'the import was stopped; nothing was changed'));
        else reject(toConsoleError(error, this.address));
      });
      stream.on('end', resolve);
    });
    const cancel = () => stream.cancel();
    options.signal.addEventListener('abort', cancel, { once: true });
    try {
      if (options.signal.aborted) cancel();
      // What it refuses is refused while we still send.
      await Promise.race([answered, sendParts(stream, request, parts, options)]);
      await answered;
    } finally {
      options.signal.removeEventListener('abort', cancel);
      cancel();
    }
    if (report) return report;
    throw new ConsoleError('failure', 'the collector ended the import without a word');
  }

  /** At most `limit`, over as many pages as it takes; a page may have none and still not be the last. */
  async listIntel(filter: Pick<ListIntelRequest, 'source' | 'kind'>, limit: number): Promise<IntelIndicator[]> {
    const found: IntelIndicator[] = [];
    let after = '';
    do {
      const rows = Math.min(INTEL_PAGE_ROWS, limit - found.length);
      const page = await this.#call(intelService.listIntel, { ...filter, limit: rows, after });
      for (const indicator of page.indicators ?? []) found.push(indicator);
      after = page.next ?? '';
    } while (after !== '' && found.length < limit);
    return found;
  }

  lookupIntel(value: string): Promise<LookupIntelResponse> {
    return this.#call(intelService.lookupIntel, { value });
  }

  listIntelSources(): Promise<ListIntelSourcesResponse> {
    return this.#call(intelService.listIntelSources, {});
  }

  removeIntel(request: RemoveIntelRequest): Promise<RemoveIntelResponse> {
    return this.#call(intelService.removeIntel, request);
  }

  previewException(request: PreviewExceptionRequest): Promise<PreviewExceptionResponse> {
    return this.#call(exceptionsService.previewException, request);
  }

  addException(request: AddExceptionRequest): Promise<AddExceptionResponse> {
    return this.#call(exceptionsService.addException, request);
  }

  /** Newest first; `ended` adds those that were removed or have expired. */
  async listExceptions(ended: boolean): Promise<RuleException[]> {
    return (await this.#call(exceptionsService.listExceptions, { ended })).exceptions ?? [];
  }

  getException(id: string): Promise<GetExceptionResponse> {
    return this.#call(exceptionsService.getException, { id });
  }

  async removeException(id: string): Promise<RuleException> {
    return (await this.#call(exceptionsService.removeException, { id })).exception ?? {};
  }

  getAlertBudget(): Promise<AlertBudgetReport> {
    return this.#call(exceptionsService.getAlertBudget, {});
  }

  /** 0 shows all alerts. */
  setAlertBudget(perDay: number): Promise<AlertBudgetReport> {
    return this.#call(exceptionsService.setAlertBudget, { perDay });
  }

  rotateKeys(request: RotateKeysRequest): Promise<RotateKeysResponse> {
    return this.#call(keysService.rotateKeys, request);
  }

  getKeys(): Promise<KeysReport> {
    return this.#call(keysService.getKeys, {});
  }

  controlRotation(action: 'pause' | 'resume' | 'abort'): Promise<KeysReport> {
    return this.#call(keysService.controlRotation, { action });
  }

  /** 0 ends the schedule. */
  scheduleRotation(everySeconds: number): Promise<KeysReport> {
    return this.#call(keysService.scheduleRotation, { everySeconds });
  }

  destroyEpoch(request: DestroyEpochRequest): Promise<KeysReport> {
    return this.#call(keysService.destroyEpoch, request);
  }

  listRules(request: ListRulesRequest): Promise<ListRulesResponse> {
    return this.#call(rulesService.listRules, request);
  }

  showRule(id: string): Promise<ShowRuleResponse> {
    return this.#call(rulesService.showRule, { id });
  }

  setRuleState(request: SetRuleStateRequest): Promise<SetRuleStateResponse> {
    return this.#call(rulesService.setRuleState, request, RULES_MS_MAX);
  }

  importRules(request: ImportRulesRequest): Promise<ImportRulesResponse> {
    return this.#call(rulesService.importRules, request, RULES_MS_MAX);
  }

  removeRules(name: string): Promise<RemoveRulesResponse> {
    return this.#call(rulesService.removeRules, { name }, RULES_MS_MAX);
  }

  async exportRules(imported: boolean): Promise<RuleFileText[]> {
    return (await this.#call(rulesService.exportRules, { imported })).files ?? [];
  }

  explainEvent(event: string): Promise<ExplainEventResponse> {
    return this.#call(rulesService.explainEvent, { event }, RULES_MS_MAX);
  }

  ruleCoverage(): Promise<CoverageResponse> {
    return this.#call(rulesService.coverage, {});
  }

  async #call<Request, Response>(
    method: MethodDefinition<Request, Response>,
    request: Request,
    msMax = CALL_MS_MAX,
  ): Promise<Response> {
    const response = await this.#callOnce(method, request, msMax);
    if (this.#renewal) this.#renewing ??= this.#renew(this.#renewal);
    await this.#renewing;
    return response;
  }

  /** Once for each client: the next command goes with the new certificate. */
  async #renew(reason: string): Promise<void> {
    try {
      saveRenewed(this.#deployment, await this.#callOnce(certificatesService.renewConsole, {}));
    } catch (error) {
      this.#note(
        `the certificate of this console should be renewed (${reason}), and was not: ${(error as Error).message}`,
      );
    }
  }

  #callOnce<Request, Response>(
    method: MethodDefinition<Request, Response>,
    request: Request,
    msMax = CALL_MS_MAX,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        { deadline: Date.now() + msMax },
        (error, response) => (error ? reject(toConsoleError(error, this.address)) : resolve(response as Response)),
      );
      call.on('metadata', (metadata: Metadata) => {
        this.#renewal ??= metadata.get(RENEW_METADATA)[0]?.toString();
      });
    });
  }
}

/** First what it is, then its bytes, no faster than they are taken, then that they were all. */
async function sendParts(
  stream: ClientDuplexStream<ImportIntelRequest, ImportIntelResponse>,
  request: IntelImport,
  parts: AsyncIterable<Uint8Array>,
  { onProgress }: { onProgress(stage: string, bytes: number): void },
): Promise<void> {
  let bytes = 0;
  const send = async (message: ImportIntelRequest) => {
    if (!stream.write(message) && !stream.destroyed) {
      await new Promise<void>((resolve) => {
        stream.once('drain', resolve);
        stream.once('close', resolve);
      });
    }
  };
  await send({ import: request });
  for await (const part of parts) {
    for (let at = 0; at < part.length; at += IMPORT_PART_BYTES) {
      await send({ data: part.subarray(at, at + IMPORT_PART_BYTES) });
    }
    bytes += part.length;
    onProgress('sending', bytes);
  }
  await send({ end: true });
  stream.end();
}

async function collect<Row>(
  limit: number,
  page: (rows: number, after: string) => Promise<{ rows: Row[]; next: string }>,
): Promise<Row[]> {
  const found: Row[] = [];
  let after = '';
  do {
    const { rows, next } = await page(Math.min(PAGE_ROWS, limit - found.length), after);
    found.push(...rows);
    // An empty page with a cursor would go round for ever.
    after = rows.length > 0 ? next : '';
  } while (after !== '' && found.length < limit);
  return found.slice(0, limit);
}
