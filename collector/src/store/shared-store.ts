// What tells collectors of one store that another of them changed something they hold in memory.
import type { AlertVerdict } from '@threatguard/proto';
import type { TriageActionName } from '../triage/change-alert.ts';
import type { AgentRecord } from './fleet-record.ts';

/** As they stand in the table. */
export type SharedTopic = 'agents' | 'alert acts' | 'alert budget' | 'exceptions' | 'indicators' | 'models' | 'rules';

/** An act on an alert, as whoever did not make it has to know it. */
export interface ActOfOthers {
  change: number;
  alertId: string;
  version: number;
  action: TriageActionName;
  verdict: AlertVerdict;
  /** What was said before it. */
  verdictBefore: AlertVerdict;
}

/** The version of an alert that an act would make. */
export interface ActClaim {
  alertId: string;
  version: number;
}

/** Failed calls throw StoreError, as those of Store. */
export interface SharedStateStore {
  /** One small read: higher after each change of a topic, whoever made it. */
  versions(): Promise<ReadonlyMap<SharedTopic, number>>;
  /** Agents of which something was changed after a version of the topic. */
  agentsAfter(version: number): Promise<AgentRecord[]>;
  /** When agents were last heard of, those since a time. */
  agentsSeen(sinceUs: number): Promise<{ id: string; lastSeenAtUs: number }[]>;
  /** After a version of the topic, in order. */
  actsAfter(version: number, limit: number): Promise<ActOfOthers[]>;
  /** Those that nobody else has or had, claimed for CLAIM_SECONDS_MAX; the ids of their alerts. */
  claimActs(claims: readonly ActClaim[]): Promise<ReadonlySet<string>>;
  /** Of acts that were not made after all. */
  releaseActs(claims: readonly ActClaim[]): Promise<void>;
  /** What one collector does for all. */
  readonly duties: DutyStore;
}

/** Failed calls throw StoreError. */
export interface DutyStore {
  /** Takes a duty that nobody holds, or that the holder has already, for so many seconds; false where another one has it. */
  take(name: string, holder: string, seconds: number): Promise<boolean>;
  leave(name: string, holder: string): Promise<void>;
}
