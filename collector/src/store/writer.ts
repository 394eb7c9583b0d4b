// What turns many small writes into few commits. While one commit runs, the next group gathers; when idle, nothing waits.
//
// Form: #queue holds what was written; #writing is the loop that empties it, or undefined while there is nothing to do.
// Invariants: items of one agent, and revisions of one alert, are committed in the order they were written (write-queue.ts);
// a promise resolves only after its commit.
import type { Alert, Detection } from '@threatguard/proto';
import type { AnalysedBatch, StorableBatch } from '../batch.ts';
import type { Correlated } from '../correlate/correlator.ts';
import type { StageClock } from '../stage-clock.ts';
import { toStorable } from './event-rows.ts';
import { type CommitGroup, type RefusedEnvelope, type Store, StoreError } from './store.ts';
import { type Queued, SMALL_BYTES_MAX, WriteQueue } from './write-queue.ts';

/** Rows and evidence waiting for the store; beyond it nobody may write, and streams stop being read. */
const QUEUE_BYTES_MAX = 16 * 1024 * 1024;
/** Beyond it, for small items only: what is urgent is not held up by what is much. */
const QUEUE_BYTES_RESERVED = 4 * 1024 * 1024;
const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 5_000;
/** How long a stopping collector goes on trying to store what it has. What is left was never acknowledged. */
const FLUSH_MS_MAX = 10_000;

/** What follows from detections goes with the item that brought them, into one transaction. */
export interface WriteItem extends Partial<Correlated> {
  batch?: AnalysedBatch;
  detections?: readonly Detection[];
  refusal?: RefusedEnvelope;
}

export interface WriterParts {
  store: Pick<Store, 'commit' | 'observedRatio'>;
  /** Agents whose events were ever counted as lost: only for them is the share that was seen worth a query. */
  lossyAgents: Set<string>;
  /** The store does not answer (again after each try), or answers again. */
  stateChanged: (problem: string | undefined) => void;
  clock?: StageClock | undefined;
}

export class Writer implements AsyncDisposable {
  readonly #parts: WriterParts;
  readonly #queue = new WriteQueue();
  #queuedBytes = 0;
  #writing: Promise<void> | undefined;
  #problem: string | undefined;
  readonly #waitingForRoom: (() => void)[] = [];
  readonly #stop = new AbortController();
  #closed = false;

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  /** Why nothing can be stored at the moment; undefined while all is well. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Whether one more batch may be written; for a small envelope sooner than for a large one. */
  hasRoom(envelopeBytes: number): boolean {
    const reserved = envelopeBytes <= SMALL_BYTES_MAX ? QUEUE_BYTES_RESERVED : 0;
    return this.#closed || this.#queuedBytes < QUEUE_BYTES_MAX + reserved;
  }

  /** Resolves when there may be room for one more batch: ask again. */
  async room(envelopeBytes: number): Promise<void> {
    while (!this.hasRoom(envelopeBytes)) await new Promise<void>((resolve) => this.#waitingForRoom.push(resolve));
  }

  /** Resolves after commit, with the alerts as they were stored. Rejects with StoreError `rejected`, or when closed. */
  write(item: WriteItem): Promise<readonly Alert[]> {
    if (this.#closed) return Promise.reject(new StoreError('unavailable', 'the collector is stopping'));
    const { batch: analysed, detections = [], alerts = [], entities = [], incidents = [], refusal } = item;
    let batch: StorableBatch | undefined;
    this.#parts.clock?.start();
    try {
      batch = analysed && toStorable(analysed);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#parts.clock?.lap('rows');
    const { promise, resolve, reject } = Promise.withResolvers<readonly Alert[]>();
    const bytes = batch ? batch.eventRows.length + batch.payload.length : 0;
    if (batch && batch.header.losses.length > 0) this.#parts.lossyAgents.add(batch.agentId);
    this.#queue.push({ batch, detections, alerts, entities, incidents, refusal, bytes, resolve, reject });
    this.#queuedBytes += bytes;
    this.#writing ??= this.#writeAll();
    return promise;
  }

  async #writeAll(): Promise<void> {
    // One turn later: what arrives together goes together.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) await this.#commit(this.#queue.nextGroup());
    this.#writing = undefined;
  }

  async #commit(group: Queued[]): Promise<void> {
    let alerts: readonly Alert[][] = [];
    try {
      alerts = await this.#untilAvailable(async () => {
        const rated = await Promise.all(group.map(({ alerts }) => this.#rate(alerts)));
        const startedMs = performance.now();
        await this.#parts.store.commit(toCommitGroup(group, rated));
        this.#parts.clock?.add('commit', performance.now() - startedMs);
        return rated;
      });
      for (const [index, queued] of group.entries()) queued.resolve(alerts[index] ?? []);
    } catch (error) {
      if (group.length > 1 && error instanceof StoreError && error.code === 'rejected') {
        // One of them is at fault: alone, each gets its own answer.
        for (const queued of group) await this.#commit([queued]);
        return;
      }
      for (const queued of group) queued.reject(error);
    }
    for (const { bytes } of group) this.#queuedBytes -= bytes;
    for (const wake of this.#waitingForRoom.splice(0)) wake();
  }

  async #untilAvailable<T>(attempt: () => Promise<T>): Promise<T> {
    for (let waitMs = RETRY_MS_MIN; ; waitMs = Math.min(waitMs * 2, RETRY_MS_MAX)) {
      try {
        const result = await attempt();
        this.#report(undefined);
        return result;
      } catch (error) {
        if (!(error instanceof StoreError) || error.code !== 'unavailable' || this.#stop.signal.aborted) throw error;
        this.#report(error.message);
      }
      await pause(waitMs, this.#stop.signal);
    }
  }

  #report(problem: string | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#parts.stateChanged(problem);
  }

  #rate(alerts: readonly Alert[]): Promise<Alert[]> {
    return Promise.all(
      alerts.map(async (alert) => {
        const agentId = alert.agentId ?? '';
        const observedRatio = this.#parts.lossyAgents.has(agentId)
          ? await this.#parts.store.observedRatio(agentId, alert.firstAtUs ?? 0, alert.lastAtUs ?? 0)
          : 1;
        return { ...alert, observedRatio };
      }),
    );
  }

  /** Commits what was written, within FLUSH_MS_MAX; what could not be stored is rejected. Safe twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const wake of this.#waitingForRoom.splice(0)) wake();
    const timer = setTimeout(() => this.#stop.abort(), FLUSH_MS_MAX);
    await this.#writing;
    clearTimeout(timer);
  }
}

function toCommitGroup(group: readonly Queued[], rated: readonly Alert[][]): CommitGroup {
  const collected = { batches: [], detections: [], alerts: [], entities: [], incidents: [], refusals: [] } as {
    batches: StorableBatch[];
    detections: Detection[];
    refusals: RefusedEnvelope[];
  } & Correlated;
  for (const [index, { batch, detections, entities, incidents, refusal }] of group.entries()) {
    const alerts = rated[index] ?? [];
    if (batch) collected.batches.push({ ...batch, alerts, entities: [...entities], incidents: [...incidents] });
    else {
      collected.alerts.push(...alerts);
      collected.entities.push(...entities);
      collected.incidents.push(...incidents);
    }
    collected.detections.push(...detections);
    if (refusal) collected.refusals.push(refusal);
  }
  return collected;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
