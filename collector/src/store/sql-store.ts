import type { AlertFilter, EventReference } from '@threatguard/proto';
import type { StorableBatch } from '../batch.ts';
import * as alertReads from './alert-reads.ts';
import { storeGroup, storeQuarantined } from './commit.ts';
import type { Database } from './database.ts';
import type { EventQuery } from './event-pages.ts';
import * as eventReads from './event-reads.ts';
import { searchEvents } from './event-search.ts';
import * as fleet from './fleet-records.ts';
import { indexPastDays } from './past-days.ts';
import type { Retention } from './retention.ts';
import { readSeries, type SeriesQuery } from './series.ts';
import { SpaceMeter } from './space.ts';
import { type AgentRecord, type CommitGroup, type Store, StoreError, type TokenRecord } from './store.ts';
import { compressDirectly, DIRECT_COMPRESS_ROWS_MIN } from './timescale.ts';
import { keepUp } from './upkeep.ts';

/** Some 50 ms of the embedded engine. */
const EMBEDDED_WINDOW_ROWS = 20_000;

/** The Store over any Database: what is asked is said in SQL by the files beside this one. */
export class SqlStore implements Store {
  readonly engine: Store['engine'];
  readonly version: string;
  readonly notices: readonly string[];
  readonly #database: Database;
  readonly #directCompress: boolean;
  readonly #space: SpaceMeter;

  constructor(database: Database, about: Pick<Store, 'engine' | 'version' | 'notices'> & { directCompress: boolean }) {
    this.#database = database;
    this.#directCompress = about.directCompress;
    this.#space = new SpaceMeter(database, about.engine);
    this.engine = about.engine;
    this.version = about.version;
    this.notices = about.notices;
  }

  async commit(group: CommitGroup): Promise<void> {
    try {
      await this.#database.transaction(async (session) => {
        if (this.#directCompress && fillsColumnstore(group)) await compressDirectly(session);
        await storeGroup(session, group);
      });
    } catch (error) {
      if (!isRejected(error)) throw error;
      await this.#commitApart(group, error);
    }
  }

  /** The database rejected some row of the group: batch by batch shows which one, and only that is set aside. */
  async #commitApart(group: CommitGroup, error: StoreError): Promise<void> {
    const { batches, ...rest } = group;
    const single = batches.length === 1 && rest.detections.length + rest.alerts.length + rest.refusals.length === 0;
    if (single) return this.#setAside(batches[0]!, error.message);
    for (const batch of batches) {
      await this.commit({ batches: [batch], detections: [], alerts: [], refusals: [] });
    }
    if (batches.length === 0) throw error;
    await this.commit({ batches: [], ...rest });
  }

  async #setAside(batch: StorableBatch, reason: string): Promise<void> {
    const store = (findings: boolean) =>
      this.#database.transaction((session) => storeQuarantined(session, batch, { reason, findings }));
    try {
      await store(true);
    } catch (error) {
      if (!isRejected(error)) throw error;
      await store(false);
    }
  }

  streamPositions(agentId: string) {
    return fleet.streamPositions(this.#database, agentId);
  }

  headerDigest(agentId: string, streamId: Uint8Array, sequence: number) {
    return fleet.headerDigest(this.#database, agentId, streamId, sequence);
  }

  addAgent(agent: AgentRecord) {
    return fleet.addAgent(this.#database, agent);
  }

  agents() {
    return fleet.listAgents(this.#database);
  }

  revokeAgent(id: string, atUs: number) {
    return fleet.revokeAgent(this.#database, id, atUs);
  }

  touchAgent(id: string, seen: Parameters<Store['touchAgent']>[1]) {
    return fleet.touchAgent(this.#database, id, seen);
  }

  agentTotals() {
    return fleet.agentTotals(this.#database);
  }

  addToken(token: TokenRecord) {
    return fleet.addToken(this.#database, token);
  }

  consumeToken(id: string, secretHash: Uint8Array, nowUs: number) {
    return fleet.consumeToken(this.#database, id, secretHash, nowUs);
  }

  alerts(filter: AlertFilter, limit: number, after: string, signal?: AbortSignal) {
    return alertReads.listAlerts(this.#database, filter, { limit, after, signal });
  }

  alertsByIdPrefix(prefix: string) {
    return alertReads.alertsByIdPrefix(this.#database, prefix);
  }

  openAlertsSince(sinceUs: number) {
    return alertReads.openAlertsSince(this.#database, sinceUs);
  }

  eventsByReference(references: readonly EventReference[]) {
    return eventReads.eventsByReference(this.#database, references);
  }

  searchEvents(query: EventQuery, limit: number, after: string, signal?: AbortSignal) {
    // The embedded engine cannot cut a statement off, and commits wait behind it: it looks at a part at a time.
    const windowRows = this.engine === 'pglite' ? EMBEDDED_WINDOW_ROWS : 0;
    return searchEvents(this.#database, { query, limit, after, windowRows, signal });
  }

  eventsSince(sinceUs: number) {
    return eventReads.eventsSince(this.#database, sinceUs);
  }

  observedRatio(agentId: string, fromUs: number, toUs: number) {
    return eventReads.observedRatio(this.#database, agentId, fromUs, toUs);
  }

  outbox(limit: number) {
    return alertReads.readOutbox(this.#database, limit);
  }

  async removeFromOutbox(ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return;
    const list = JSON.stringify(ids);
    await this.#database.query(
      'delete from outbox where id in (select value::bigint from json_array_elements_text($1::json))',
      [list],
    );
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

function isRejected(error: unknown): error is StoreError {
  return error instanceof StoreError && error.code === 'rejected';
}

/** Smaller parts of a group would become batches of the columnstore that are hardly compressed and slow to read. */
function fillsColumnstore({ batches }: CommitGroup): boolean {
  const agents = new Set(batches.map(({ agentId }) => agentId)).size;
  const events = batches.reduce((sum, batch) => sum + batch.eventCount, 0);
  return agents > 0 && events >= agents * DIRECT_COMPRESS_ROWS_MIN;
}
