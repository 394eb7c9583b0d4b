import type {
  Alert,
  AlertFilter,
  AlertOrder,
  AlertState,
  Counter,
  EventReference,
  FieldFilter,
  HuntExpression,
  Loss,
  StoredEvent,
  StreamPosition,
} from '@threatguard/proto';
import type { EntityKind, EntityName } from '../correlate/entities.ts';
import type { Incident } from '../correlate/incident.ts';
import type { Entity } from '../correlate/risk.ts';
import type { IntelRecords } from '../detect/intel/intel-records.ts';
import type { AccessStore } from './access-store.ts';
import type { AlertVolume } from './alert-reads.ts';
import type { ArrivedEvents } from './arrivals.ts';
import type { AuditActor, AuditEntry, AuditVerification } from './audit-entry.ts';
import type { BehaviourStore, ModelStore } from './behaviour-store.ts';
import type { CommitGroup } from './commit-group.ts';
import type { ComplianceStore } from './compliance-store.ts';
import type { Engine } from './database.ts';
import type { EpochStore, KemKeyRecord } from './epoch-store.ts';
import type { EventCounts } from './event-counts.ts';
import type { EvidenceStore } from './evidence-store.ts';
import type {
  AgentCertificate,
  AgentRecord,
  AgentSession,
  CertificateChange,
  ConsoleCertificate,
  TokenRecord,
  UsedToken,
} from './fleet-record.ts';
import type { ForwardingStore } from './forwarding-store.ts';
import type { HuntStore } from './hunt-store.ts';
import type { JudgementStore } from './judgement-store.ts';
import type { EventPage, OutboxRow, Page, RiskPoint, TimeRange } from './page.ts';
import type { Retention } from './retention.ts';
import type { RuleStore } from './rule-store.ts';
import type { SeriesPoint, SeriesQuery } from './series.ts';
import type { SharedStateStore } from './shared-store.ts';
import type { Space } from './space.ts';
import type { StoredAct } from './triage-records.ts';
import type { UpkeepReport } from './upkeep-run.ts';
import type { VerdictStore } from './verdict-store.ts';

/**
 * Everything kept. One implementation over one SQL schema; which engine it runs on is decided by URL.
 * Every read is bounded in rows and in time. A failed call throws StoreError: `unavailable` may be tried again,
 * `rejected` never, `timed_out` when it asks for less; `cancelled` is what a read whose signal fired ends with.
 */
export interface Store extends AsyncDisposable {
  readonly engine: Engine;
  /** Groups that may be committed beside each other. */
  readonly commitsAtOnce: number;
  readonly version: string;
  /** What this engine does not have, one line each, for start and `status`. */
  readonly notices: readonly string[];
  /** What is kept as evidence, and the tree over it. */
  readonly evidence: EvidenceStore;
  /** Legal holds, who read what, and erasure. */
  readonly compliance: ComplianceStore;

  /**
   * One transaction: events, envelope rows, losses, stream positions, detections, alert upserts, entities with points of
   * their risk, incidents, outbox rows, refusal counts. Resolves only after commit. (agent, stream, sequence) is unique: a batch that is stored already adds nothing.
   * A batch whose rows the database rejects is set aside whole with its reason and does not fail the group.
   */
  commit(group: CommitGroup): Promise<void>;

  /** The newest committed position of every stream of an agent. */
  streamPositions(agentId: string): Promise<StreamPosition[]>;
  /** Digest of a stored header, to tell a repeat from a replay with other bytes; undefined where none is stored. */
  headerDigest(agentId: string, streamId: Uint8Array, sequence: number): Promise<Uint8Array | undefined>;

  /** Changes are entries of the audit log in the same transaction; without an actor the collector made them. */
  /** With its first certificate; `supersedes` are revoked in the same transaction. */
  addAgent(agent: AgentRecord, by?: AuditActor, supersedes?: readonly string[]): Promise<void>;
  agents(): Promise<AgentRecord[]>;
  revokeAgent(id: string, atUs: number, by?: AuditActor): Promise<void>;
  /** Replaces its labels. */
  labelAgent(id: string, labels: Readonly<Record<string, string>>, atUs: number, by?: AuditActor): Promise<void>;
  /** Takes it off the list and revokes it where it was not. */
  removeAgent(id: string, atUs: number, by?: AuditActor): Promise<void>;
  touchAgent(id: string, seen: { atUs: number; version?: string; os?: string; kernel?: string }): Promise<void>;
  /** Gives the newest session the agent had before. */
  recordAgentSession(
    session: Omit<AgentSession, 'firstAtUs' | 'lastAtUs'> & { atUs: number },
  ): Promise<AgentSession | undefined>;
  /** The newest of each agent. */
  agentSessions(): Promise<AgentSession[]>;
  /** Events and counted losses per agent id. */
  agentTotals(): Promise<Map<string, { events: number; lost: number }>>;

  addToken(token: TokenRecord, by?: AuditActor): Promise<void>;
  /** Takes one use of a token that exists, is not expired and has the secret; undefined otherwise. Atomic. */
  consumeToken(id: string, secretHash: Uint8Array, nowUs: number): Promise<UsedToken | undefined>;

  /** Keeps what changed with a certificate of an agent, and writes it down. */
  changeCertificate(change: CertificateChange, atUs: number, by?: AuditActor): Promise<void>;
  /** Every certificate an agent ever had, the oldest first. */
  certificatesOf(agentId: string): Promise<AgentCertificate[]>;
  /** The newest certificate of every key of every agent, the keys of one agent in the order they came. */
  agentKeys(): Promise<AgentCertificate[]>;
  recordConsole(seen: ConsoleCertificate): Promise<void>;
  consoleCertificates(): Promise<ConsoleCertificate[]>;
  /** A change of state that has no table of its own. */
  recordFact(
    fact: { action: string; subject: string; before?: unknown; after?: unknown },
    atUs: number,
    by?: AuditActor,
  ): Promise<void>;

  /** Newest first, or in another order; a cursor is of one order. */
  alerts(
    filter: AlertFilter,
    limit: number,
    after: string,
    signal?: AbortSignal,
    order?: AlertOrder,
  ): Promise<Page<Alert>>;
  /** By id or by a prefix that only one alert has; more than one match gives all of them, up to 10. */
  alertsByIdPrefix(prefix: string): Promise<Alert[]>;
  /** How many alerts were raised by hour and severity, in order of time. */
  alertVolumes(sinceUs: number): Promise<AlertVolume[]>;
  /** What people did about an alert, oldest first. */
  alertActs(alertId: string): Promise<StoredAct[]>;
  /** Of those of the alerts that are kept. */
  alertStates(ids: readonly string[]): Promise<Map<string, AlertState>>;
  /** Alerts not closed that changed since `sinceUs`: what the folder continues after a restart. */
  openAlertsSince(sinceUs: number): Promise<Alert[]>;
  eventsByReference(references: readonly EventReference[]): Promise<StoredEvent[]>;
  /**
   * Newest first. Ends early rather than late: then `searchedBackToUs` says how far it came. Throws StoreError `rejected`
   * with the nearest name for a field that does not exist, `timed_out` where not even a part could be looked at.
   */
  searchEvents(
    query: { filters: readonly FieldFilter[]; where?: HuntExpression | undefined } & TimeRange,
    limit: number,
    after: string,
    signal?: AbortSignal,
  ): Promise<EventPage>;
  /**
   * Events counted by fields, in the database; undefined where it cannot say who passes, or a field has no column. Ends
   * early rather than late, and says so.
   */
  countEvents(
    query: { where: HuntExpression | undefined } & TimeRange,
    fields: readonly string[],
    signal: AbortSignal,
  ): Promise<EventCounts | undefined>;
  /** Events of envelopes received since a time, those received first first. Throws StoreError as `searchEvents` does. */
  arrivedEvents(
    where: HuntExpression | undefined,
    receivedSinceUs: number,
    signal: AbortSignal,
  ): AsyncIterable<ArrivedEvents>;
  /** Hunts that were saved. */
  readonly hunts: HuntStore;
  /** Every event since a time in order, in pages: what detectors rebuild their windows from. */
  eventsSince(sinceUs: number): AsyncIterable<StoredEvent[]>;
  /** Share of events that were seen on an agent in a time span, counted losses against stored events: 0 to 1. */
  observedRatio(agentId: string, fromUs: number, toUs: number): Promise<number>;
  /** All counted losses of an agent that are kept, by sensor and reason, the one that happened last first. */
  agentLosses(agentId: string): Promise<Loss[]>;
  /** When the newest event of an agent happened and was stored; undefined where none is kept. */
  newestEvent(agentId: string): Promise<{ eventAtUs: number; storedAtUs: number } | undefined>;

  /** Highest risk first, at any time: levels do not change by waiting. */
  entities(filter: { kind?: EntityKind | undefined }, limit: number, after: string): Promise<Page<Entity>>;
  entity(name: EntityName): Promise<Entity | undefined>;
  /** Those that changed last, as many as a ledger holds: what it continues after a restart. */
  activeEntities(): Promise<Entity[]>;
  /** Oldest first; of more than 2,000 points the newest. */
  riskHistory(name: EntityName, span: { fromUs: number; toUs: number }): Promise<RiskPoint[]>;
  /** Newest change first; the time range is of the changes. */
  incidents(
    filter: { state?: Incident['state'] | undefined; severityMin?: number | undefined } & TimeRange,
    limit: number,
    after: string,
  ): Promise<Page<Incident>>;
  incidentsByIdPrefix(prefix: string): Promise<Incident[]>;
  /** That one of these alerts belongs to, open or closed. */
  incidentsOfAlerts(alertIds: readonly string[]): Promise<Incident[]>;
  openIncidentsSince(sinceUs: number): Promise<Incident[]>;

  /** Users of the HTTP service, their sessions and tokens. */
  readonly access: AccessStore;
  readonly behaviour: BehaviourStore;
  readonly models: ModelStore;
  /** What triage learns from. */
  readonly verdicts: VerdictStore;
  /** Sources of indicators and what they say. */
  readonly intel: IntelRecords;
  /** States of rules, imported ones, and what rules did. */
  readonly rules: RuleStore;
  /** ML-KEM epochs, their rotation, and what agents proved of them. */
  readonly epochs: EpochStore;
  readonly judgements: JudgementStore;
  /** What other collectors of this store have changed. */
  readonly shared: SharedStateStore;
  /** What is sent on to other systems, and how far each is. */
  readonly forwarding: ForwardingStore;
  /** Newest epoch first. */
  keys(): Promise<KemKeyRecord[]>;
  /** Newest first: by number, or of a time range by time. A cursor is of one of the two. */
  audit(limit: number, after: string, range?: TimeRange): Promise<Page<AuditEntry>>;
  verifyAudit(): Promise<AuditVerification>;

  outbox(limit: number): Promise<OutboxRow[]>;
  removeFromOutbox(ids: readonly number[]): Promise<void>;

  /** Resolves where the database answers; throws StoreError where it does not. Waits behind no other read or commit. */
  ping(signal: AbortSignal): Promise<void>;
  totals(): Promise<{
    events: number;
    envelopes: number;
    alertsOpen: number;
    /** Over the budget of their day, and not closed. */
    alertsWithheld: number;
    outboxWaiting: number;
    refusals: Counter[];
    losses: Counter[];
  }>;

  /** Events counted by minute, hour or day, in order of time. `rejected` where the answer would be too large. */
  series(query: SeriesQuery): Promise<SeriesPoint[]>;
  /** Bytes on disk per kind; at most a minute old. */
  space(nowUs: number): Promise<Space>;
  /** What the database is to do by itself and does not, one line each, for `status`. */
  problems(nowUs: number): Promise<string[]>;
  /** Makes room for the days to come and removes what retention has passed: at start, and every hour. */
  keepUp(retention: Retention, nowUs: number): Promise<UpkeepReport>;
  /**
   * Makes the indexes of days that have passed, which would cost too much while a day is written, and returns their names.
   * Takes as long as it takes, while commits go on; ends when the signal fires, and the next call goes on.
   */
  indexPastDays(nowUs: number, signal: AbortSignal): Promise<string[]>;
}
