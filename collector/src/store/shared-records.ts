import type { Database } from './database.ts';
import { DutyRecords } from './duty-records.ts';
import type { AgentRecord } from './fleet-record.ts';
import { agentsChangedAfter, agentsSeenSince } from './fleet-records.ts';
import type { ActClaim, ActOfOthers, SharedStateStore, SharedTopic } from './shared-store.ts';
import { actsAfter, claimActs, releaseActs } from './triage-records.ts';

export class SharedStateRecords implements SharedStateStore {
  readonly duties: DutyRecords;
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    this.duties = new DutyRecords(database);
  }

  async versions(): Promise<ReadonlyMap<SharedTopic, number>> {
    const rows = await this.#database.query('select topic, version from shared_state');
    return new Map(rows.map(({ topic, version }) => [topic, version]));
  }

  agentsAfter(version: number): Promise<AgentRecord[]> {
    return agentsChangedAfter(this.#database, version);
  }

  agentsSeen(sinceUs: number): Promise<{ id: string; lastSeenAtUs: number }[]> {
    return agentsSeenSince(this.#database, sinceUs);
  }

  actsAfter(version: number, limit: number): Promise<ActOfOthers[]> {
    return actsAfter(this.#database, version, limit);
  }

  claimActs(claims: readonly ActClaim[]): Promise<ReadonlySet<string>> {
    return this.#database.transaction((session) => claimActs(session, claims));
  }

  releaseActs(claims: readonly ActClaim[]): Promise<void> {
    return releaseActs(this.#database, claims);
  }
}
