// What turns many small writes into few commits. While one commit runs, the next group gathers; when idle, nothing waits.
//
// Form: #queue holds what was written, in lanes; #writing has, for each, the loop that empties it while there is something
// to do.
// Invariants: items of one agent, and revisions of one alert, are committed in the order they were written (write-queue.ts);
// a promise resolves only after its commit.
import type { Alert, Detection } from '@threatguard/proto';
import { SMALL_ENVELOPE_BYTES_MAX, type StorableBatch } from '../batch.ts';
import type { Correlated } from '../correlate/correlator.ts';
import { pause } from '../pause.ts';
import type { StageClock } from '../stage-clock.ts';
import type { AlertActRecord } from '../triage/change-alert.ts';
import { type CommitGroup, EMPTY_GROUP, type RefusedEnvelope } from './commit-group.ts';
import { CommitPace } from './commit-pace.ts';
import { toStoreError } from './database.ts';
import type { Store } from './store.ts';
import { StoreError } from './store-error.ts';
import { GROUP_BYTES_MAX, type Queued, SMALL_LANE, WriteQueue } from './write-queue.ts';

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
  batch?: StorableBatch;
  detections?: readonly Detection[];
  refusal?: RefusedEnvelope;
  acts?: readonly AlertActRecord[];
}

export interface WriterParts {
  store: Pick<Store, 'commit' | 'commitsAtOnce' | 'observedRatio'>;
  /** Agents whose events were ever counted as lost: only for them is the share that was seen worth a query. */
  lossyAgents: Set<string>;
  /** The store does not answer (again after each try), or answers again. */
  stateChanged: (problem: string | undefined) => void;
  clock?: StageClock | undefined;
  /** Says of alerts how likely they are real, before they are stored. Never rejects. */
  triage?: { rate(alerts: readonly Alert[]): Promise<void> } | undefined;
}

export class Writer implements AsyncDisposable {
  readonly #parts: WriterParts;
  readonly #queue: WriteQueue;
  #queuedBytes = 0;
  readonly #pace = new CommitPace();
  readonly #writing = new Map<number, Promise<void>>();
  readonly #waitingForLane: (() => void)[] = [];
  #problem: string | undefined;
  readonly #waitingForRoom: (() => void)[] = [];
  readonly #stop = new AbortController();
  #closed = false;

  constructor(parts: WriterParts) {
    this.#parts = parts;
    this.#queue = new WriteQueue(Math.max(1, parts.store.commitsAtOnce - 1));
  }

  /** Why nothing can be stored at the moment; undefined while all is well. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Whether one more batch may be written; for a small envelope sooner than for a large one. */
  hasRoom(envelopeBytes: number): boolean {
    const reserved = envelopeBytes <= SMALL_ENVELOPE_BYTES_MAX ? QUEUE_BYTES_RESERVED : 0;
    return this.#closed || this.#queuedBytes < QUEUE_BYTES_MAX + reserved;
  }

  /** Resolves when there may be room for one more batch: ask again. */
  async room(envelopeBytes: number): Promise<void> {
    while (!this.hasRoom(envelopeBytes)) await new Promise<void>((resolve) => this.#waitingForRoom.push(resolve));
  }

  /** Resolves after commit, with the alerts as they were stored. Rejects with StoreError `rejected`, or when closed. */
  write(item: WriteItem): Promise<readonly Alert[]> {
    if (this.#closed) return Promise.reject(new StoreError('unavailable', 'the collector is stopping'));
    const { batch, detections = [], alerts = [], entities = [], incidents = [], pile = [], refusal, acts = [] } = item;
    const { promise, resolve, reject } = Promise.withResolvers<readonly Alert[]>();
    // Header and signature are views of the whole envelope.
    const bytes = batch
      ? batch.eventRows.length + batch.termRows.length + batch.payload.length + batch.headerBytes.buffer.byteLength
      : 0;
    if (batch && batch.header.losses.length > 0) this.#parts.lossyAgents.add(batch.agentId);
    const lane = this.#queue.push({
      ...{ batch, detections, alerts, entities, incidents, pile, refusal, acts },
      ...{ bytes, resolve, reject },
    });
    this.#queuedBytes += bytes;
    if (lane === SMALL_LANE) this.#pace.small(performance.now());
    if (!this.#writing.has(lane)) this.#writing.set(lane, this.#writeLane(lane));
    return promise;
  }

  async #writeLane(lane: number): Promise<void> {
    // One turn later: what arrives together goes together.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (!this.#queue.isEmpty(lane)) {
      const group = this.#queue.take(lane, this.#groupBytesMax(lane));
      if (group.length === 0) await new Promise<void>((resolve) => this.#waitingForLane.push(resolve));
      else await this.#commitLane(lane, group);
    }
    this.#writing.delete(lane);
  }

  /** Only where lanes wait for each other does the size of one matter to the other. */
  #groupBytesMax(lane: number): number {
    const waits = lane !== SMALL_LANE && this.#parts.store.commitsAtOnce === 1;
    return waits ? this.#pace.bytesMax(performance.now()) : GROUP_BYTES_MAX;
  }

  async #commitLane(lane: number, group: Queued[]): Promise<void> {
    const startedMs = performance.now();
    await this.#commit(group);
    const bytes = group.reduce((sum, each) => sum + each.bytes, 0);
    if (lane !== SMALL_LANE) this.#pace.committed(bytes, performance.now() - startedMs);
    this.#queue.settle(lane, group);
    for (const go of this.#waitingForLane.splice(0)) go();
  }

  async #commit(group: Queued[]): Promise<void> {
    let alerts: readonly Alert[][] = [];
    const raised = group.flatMap((each) => each.alerts);
    if (raised.length > 0) await this.#parts.triage?.rate(raised);
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
      const rejected = error instanceof StoreError && error.code === 'rejected';
      if (rejected && group.length > 1) {
        // One of them is at fault: alone, each gets its own answer.
        for (const queued of group) await this.#commit([queued]);
        return;
      }
      if (rejected) await this.#countRejected(group, error);
      for (const queued of group) queued.reject(error);
    }
    for (const { bytes } of group) this.#queuedBytes -= bytes;
    for (const wake of this.#waitingForRoom.splice(0)) wake();
  }

  /** The agent is told to drop what not even the quarantine takes: this says why, where the operator looks. */
  async #countRejected(group: readonly Queued[], { message }: StoreError): Promise<void> {
    const refusals = group.flatMap(({ batch }): RefusedEnvelope[] =>
      batch ? [{ agentId: batch.agentId, code: 'payload_malformed', message, atUs: batch.receivedAtUs }] : [],
    );
    if (refusals.length === 0) return;
    const count = () => this.#parts.store.commit({ ...EMPTY_GROUP, refusals });
    // Where this is rejected too, the answer to the agent, which counts it as well, must not wait for it.
    await this.#untilAvailable(count).catch(() => undefined);
  }

  async #untilAvailable<T>(attempt: () => Promise<T>): Promise<T> {
    for (let waitMs = RETRY_MS_MIN; ; waitMs = Math.min(waitMs * 2, RETRY_MS_MAX)) {
      try {
        const result = await attempt();
        this.#report(undefined);
        return result;
      } catch (error) {
        const known = toStoreError(error, 'the store');
        if (known.code === 'rejected' || this.#stop.signal.aborted) throw known;
        this.#report(known.message);
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
    await Promise.all(this.#writing.values());
    clearTimeout(timer);
  }
}

function toCommitGroup(group: readonly Queued[], rated: readonly Alert[][]): CommitGroup {
  const collected = {
    batches: [],
    detections: [],
    alerts: [],
    entities: [],
    incidents: [],
    pile: [],
    refusals: [],
    acts: [],
  } as {
    batches: StorableBatch[];
    detections: Detection[];
    refusals: RefusedEnvelope[];
    acts: AlertActRecord[];
  } & Correlated;
  for (const [index, { batch, detections, entities, incidents, pile, refusal, acts }] of group.entries()) {
    const alerts = rated[index] ?? [];
    if (batch) collected.batches.push({ ...batch, alerts, entities: [...entities], incidents: [...incidents] });
    else {
      collected.alerts.push(...alerts);
      collected.entities.push(...entities);
      collected.incidents.push(...incidents);
    }
    collected.detections.push(...detections);
    collected.pile.push(...pile);
    if (refusal) collected.refusals.push(refusal);
    collected.acts.push(...acts);
  }
  return collected;
}
