import type { AlertFilter, AlertOrder, EventReference, HuntExpression } from '@threatguard/proto';
import type { EntityName } from '../correlate/entities.ts';
import { AccessRecords } from './access-records.ts';
import * as alertReads from './alert-reads.ts';
import { appendAudit, COLLECTOR_ACTOR, listAudit } from './audit.ts';
import type { AuditActor } from './audit-entry.ts';
import { verifyAuditChain } from './audit-verification.ts';
import { BehaviourRecords } from './behaviour-records.ts';
import * as certificates from './certificate-records.ts';
import type { CommitGroup } from './commit-group.ts';
import { ComplianceStore } from './compliance-store.ts';
import type { Database, Engine } from './database.ts';
import * as entityRecords from './entity-records.ts';
import { EpochRecords } from './epoch-records.ts';
import { EventQuestions } from './event-questions.ts';
import * as eventReads from './event-reads.ts';
import { EvidenceStore } from './evidence-store.ts';
import { removeFromOutbox } from './findings.ts';
import * as fleetChanges from './fleet-changes.ts';
import type { AgentRecord, CertificateChange, ConsoleCertificate, TokenRecord } from './fleet-record.ts';
import * as fleet from './fleet-records.ts';
import { ForwardingRecords } from './forwarding-records.ts';
import { type CommitOptions, storeOrSetAside } from './group-commit.ts';
import { HuntRecords } from './hunt-records.ts';
import * as incidentRecords from './incident-records.ts';
import { IntelStore } from './intel-store.ts';
import { JudgementRecords } from './judgement-records.ts';
import { listKeys } from './key-records.ts';
import { ModelRecords } from './model-records.ts';
import type { TimeRange } from './page.ts';
import { indexPastDays } from './past-days.ts';
import { COMMITS_AT_ONCE } from './postgres.ts';
import type { Retention } from './retention.ts';
import { RuleRecords } from './rule-records.ts';
import { readSeries, type SeriesQuery } from './series.ts';
import { newestAgentSessions, recordAgentSession } from './session-records.ts';
import { SharedStateRecords } from './shared-records.ts';
import { SpaceMeter } from './space.ts';
import type { Store } from './store.ts';
import { jobProblems } from './timescale-jobs.ts';
import * as triage from './triage-records.ts';
import { keepUp } from './upkeep.ts';
import { VerdictRecords } from './verdict-records.ts';

export type AboutStore = Pick<Store, 'engine' | 'version' | 'notices'> & CommitOptions;

/** The Store over any Database: what is asked is said in SQL by the files beside this one. */
export class SqlStore implements Store {
  readonly engine: Engine;
  readonly commitsAtOnce: Store['commitsAtOnce'];
  readonly version: string;
  readonly notices: readonly string[];
  readonly access: AccessRecords;
  readonly behaviour: BehaviourRecords;
  readonly models: ModelRecords;
  readonly verdicts: VerdictRecords;
  readonly epochs: EpochRecords;
  readonly judgements: JudgementRecords;
  readonly evidence: EvidenceStore;
  readonly compliance: ComplianceStore;
  readonly forwarding: ForwardingRecords;
  readonly rules: RuleRecords;
  readonly hunts: HuntRecords;
  readonly intel: IntelStore;
  readonly shared: SharedStateRecords;
  readonly #database: Database;
  readonly #commits: CommitOptions;
  readonly #questions: EventQuestions;
  readonly #space: SpaceMeter;

  constructor(database: Database, about: AboutStore) {
    this.#database = database;
    this.access = new AccessRecords(database);
    this.behaviour = new BehaviourRecords(database);
    this.models = new ModelRecords(database);
    this.verdicts = new VerdictRecords(database);
    this.epochs = new EpochRecords(database);
    this.judgements = new JudgementRecords(database);
    this.#commits = about;
    this.#questions = new EventQuestions(database, about.engine);
    this.#space = new SpaceMeter(database, about.engine);
    this.engine = about.engine;
    this.commitsAtOnce = database.kind === 'pglite' ? 1 : COMMITS_AT_ONCE;
    this.version = about.version;
    this.notices = about.notices;
    this.evidence = new EvidenceStore(database);
    this.compliance = new ComplianceStore(database);
    this.forwarding = new ForwardingRecords(database);
    this.rules = new RuleRecords(database);
    this.hunts = new HuntRecords(database);
    this.intel = new IntelStore(database);
    this.shared = new SharedStateRecords(database);
  }

  commit(group: CommitGroup): Promise<void> {
    return storeOrSetAside(this.#database, group, this.#commits);
  }

  streamPositions(agentId: string) {
    return fleet.streamPositions(this.#database, agentId);
  }

  headerDigest(agentId: string, streamId: Uint8Array, sequence: number) {
    return fleet.headerDigest(this.#database, agentId, streamId, sequence);
  }

  addAgent(agent: AgentRecord, by?: AuditActor, supersedes?: readonly string[]) {
    return fleetChanges.addAgent(this.#database, agent, by, supersedes);
  }

  changeCertificate(change: CertificateChange, atUs: number, by?: AuditActor) {
    return fleetChanges.changeCertificate(this.#database, change, atUs, by);
  }

  certificatesOf(agentId: string) {
    return certificates.certificatesOf(this.#database, agentId);
  }

  agentKeys() {
    return certificates.agentKeys(this.#database);
  }

  recordConsole(seen: ConsoleCertificate) {
    return certificates.recordConsole(this.#database, seen);
  }

  consoleCertificates() {
    return certificates.consoleCertificates(this.#database);
  }

  recordFact(fact: Parameters<Store['recordFact']>[0], atUs: number, by = COLLECTOR_ACTOR) {
    return this.#database.transaction((session) => appendAudit(session, atUs, by, fact));
  }

  agents() {
    return fleet.listAgents(this.#database);
  }

  revokeAgent(id: string, atUs: number, by?: AuditActor) {
    return fleetChanges.revokeAgent(this.#database, id, atUs, by);
  }

  labelAgent(id: string, labels: AgentRecord['labels'], atUs: number, by?: AuditActor) {
    return fleetChanges.labelAgent(this.#database, { id, labels }, atUs, by);
  }

  removeAgent(id: string, atUs: number, by?: AuditActor) {
    return fleetChanges.removeAgent(this.#database, id, atUs, by);
  }

  touchAgent(id: string, seen: Parameters<Store['touchAgent']>[1]) {
    return fleet.touchAgent(this.#database, id, seen);
  }

  recordAgentSession(session: Parameters<Store['recordAgentSession']>[0]) {
    return this.#database.transaction((open) => recordAgentSession(open, session));
  }

  agentSessions() {
    return newestAgentSessions(this.#database);
  }

  agentTotals() {
    return fleet.agentTotals(this.#database);
  }

  addToken(token: TokenRecord, by?: AuditActor) {
    return fleetChanges.addToken(this.#database, token, by);
  }

  consumeToken(id: string, secretHash: Uint8Array, nowUs: number) {
    return fleet.consumeToken(this.#database, id, secretHash, nowUs);
  }

  alerts(filter: AlertFilter, limit: number, after: string, signal?: AbortSignal, order?: AlertOrder) {
    return alertReads.listAlerts(this.#database, filter, { limit, after, signal, order });
  }

  alertsByIdPrefix(prefix: string) {
    return alertReads.alertsByIdPrefix(this.#database, prefix);
  }

  alertVolumes(sinceUs: number) {
    return alertReads.alertVolumes(this.#database, sinceUs);
  }

  alertActs(alertId: string) {
    return triage.alertActs(this.#database, alertId);
  }

  alertStates(ids: readonly string[]) {
    return triage.alertStates(this.#database, ids);
  }

  openAlertsSince(sinceUs: number) {
    return alertReads.openAlertsSince(this.#database, sinceUs);
  }

  eventsByReference(references: readonly EventReference[]) {
    return eventReads.eventsByReference(this.#database, references);
  }

  searchEvents(query: Parameters<Store['searchEvents']>[0], limit: number, after: string, signal?: AbortSignal) {
    return this.#questions.search(query, { limit, after, signal });
  }

  countEvents(query: Parameters<Store['countEvents']>[0], fields: readonly string[], signal: AbortSignal) {
    return this.#questions.count(query, fields, signal);
  }

  arrivedEvents(where: HuntExpression | undefined, receivedSinceUs: number, signal: AbortSignal) {
    return this.#questions.arrived(where, receivedSinceUs, signal);
  }

  eventsSince(sinceUs: number) {
    return eventReads.eventsSince(this.#database, sinceUs);
  }

  observedRatio(agentId: string, fromUs: number, toUs: number) {
    return eventReads.observedRatio(this.#database, agentId, fromUs, toUs);
  }

  agentLosses(agentId: string) {
    return eventReads.agentLosses(this.#database, agentId);
  }

  newestEvent(agentId: string) {
    return eventReads.newestEvent(this.#database, agentId);
  }

  entities(filter: Parameters<Store['entities']>[0], limit: number, after: string) {
    return entityRecords.listEntities(this.#database, filter, limit, after);
  }

  entity(name: EntityName) {
    return entityRecords.findEntity(this.#database, name);
  }

  activeEntities() {
    return entityRecords.activeEntities(this.#database);
  }

  riskHistory(name: EntityName, span: { fromUs: number; toUs: number }) {
    return entityRecords.riskHistory(this.#database, name, span);
  }

  incidents(filter: Parameters<Store['incidents']>[0], limit: number, after: string) {
    return incidentRecords.listIncidents(this.#database, filter, limit, after);
  }

  incidentsByIdPrefix(prefix: string) {
    return incidentRecords.incidentsByIdPrefix(this.#database, prefix);
  }

  incidentsOfAlerts(alertIds: readonly string[]) {
    return incidentRecords.incidentsOfAlerts(this.#database, alertIds);
  }

  openIncidentsSince(sinceUs: number) {
    return incidentRecords.openIncidentsSince(this.#database, sinceUs);
  }

  keys() {
    return listKeys(this.#database);
  }

  audit(limit: number, after: string, range?: TimeRange) {
    return listAudit(this.#database, limit, after, range);
  }

  verifyAudit() {
    return verifyAuditChain(this.#database);
  }

  outbox(limit: number) {
    return alertReads.readOutbox(this.#database, limit);
  }

  removeFromOutbox(ids: readonly number[]) {
    return removeFromOutbox(this.#database, ids);
  }

  ping(signal: AbortSignal) {
    return this.#database.ping(signal);
  }

  totals() {
    return fleet.readTotals(this.#database);
  }

  series(query: SeriesQuery) {
    return readSeries(this.#database, query);
  }

  space(nowUs: number) {
    return this.#space.read(nowUs);
  }

  async problems(nowUs: number): Promise<string[]> {
    return this.engine === 'timescaledb' ? jobProblems(this.#database, nowUs) : [];
  }

  keepUp(retention: Retention, nowUs: number) {
    return keepUp(this.#database, retention, nowUs);
  }

  indexPastDays(nowUs: number, signal: AbortSignal) {
    return indexPastDays(this.#database, nowUs, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database[Symbol.asyncDispose]();
  }
}
