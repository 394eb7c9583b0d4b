import { once } from 'node:events';
import { type ResourceLimits, Worker } from 'node:worker_threads';
import { RefusalError } from '@threatguard/proto';
import type { ReceivedEnvelope } from '../batch.ts';
import type { StageReport } from '../stage-clock.ts';
import type { Analysis, Signer } from './analyse.ts';
import type { AnalysisReply, AnalysisRequest, RefusedAnalysis, ShardData } from './messages.ts';
import { Turns } from './turns.ts';

/** An envelope that a stage refused, with the sequence it would have had. */
export class RefusedEnvelopeError extends RefusalError {
  readonly sequence: number;

  constructor({ code, message, sequence }: RefusedAnalysis) {
    super(code, message);
    this.sequence = sequence;
  }
}

interface Waiting {
  resolve: (analysis: Analysis) => void;
  reject: (error: unknown) => void;
}

/**
 * A thread that opens and analyses the envelopes of its agents, in the order they are handed to it. When the thread ends
 * by itself (it ran out of memory), what it had is rejected, agents send it again, and the next envelope starts it anew.
 */
export class Shard implements AsyncDisposable {
  readonly turns = new Turns();
  readonly #name: string;
  readonly #data: ShardData;
  readonly #limits: ResourceLimits | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Promise<Worker> | undefined;
  #nextId = 1;
  #closed = false;
  #stages: StageReport | undefined;

  /** `limits` bounds the memory of the thread; Node's own bound otherwise. */
  constructor(name: string, data: ShardData, limits?: ResourceLimits) {
    this.#name = name;
    this.#data = data;
    this.#limits = limits;
  }

  /** Resolves when the thread has its rules and can begin. */
  async start(): Promise<void> {
    await this.#thread();
  }

  /** Rejects with RefusedEnvelopeError, or with the error of a bug. */
  async analyse(received: ReceivedEnvelope, signer: Signer): Promise<Analysis> {
    const worker = await this.#thread();
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<Analysis>();
    this.#waiting.set(id, { resolve, reject });
    // A copy of its own, handed over whole: the bytes lie in a buffer of gRPC.
    const bytes = Uint8Array.from(received.bytes);
    worker.postMessage({ id, received: { ...received, bytes }, signer } satisfies AnalysisRequest, [bytes.buffer]);
    return promise;
  }

  /** Where the time of the thread went; undefined where nobody asked at start. */
  stages(): StageReport | undefined {
    return this.#stages;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const worker = await this.#worker?.catch(() => undefined);
    await worker?.terminate();
  }

  #thread(): Promise<Worker> {
    if (this.#closed) return Promise.reject(new Error('the collector is stopping'));
    this.#worker ??= this.#startThread();
    return this.#worker;
  }

  async #startThread(): Promise<Worker> {
    const worker = new Worker(new URL('./shard-thread.ts', import.meta.url), {
      name: this.#name,
      workerData: { ...this.#data, name: this.#name },
      ...(this.#limits ? { resourceLimits: this.#limits } : {}),
    });
    let reason = 'the thread ended';
    worker.on('error', (error) => {
      reason = String(error);
    });
    const exited = new AbortController();
    worker.once('exit', () => {
      exited.abort();
      this.#worker = undefined;
      for (const { reject } of this.#waiting.values()) reject(new Error(`a shard failed: ${reason}`));
      this.#waiting.clear();
    });
    await once(worker, 'message', { signal: exited.signal });
    worker.on('message', (reply: AnalysisReply) => this.#answered(reply));
    return worker;
  }

  #answered({ id, analysis, refusal, failure, stages }: AnalysisReply): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (stages) this.#stages = stages;
    if (analysis) waiting?.resolve(analysis);
    else if (refusal) waiting?.reject(new RefusedEnvelopeError(refusal));
    else waiting?.reject(new Error(`a shard failed: ${failure}`));
  }
}
