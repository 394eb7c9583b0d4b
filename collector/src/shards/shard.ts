import { once } from 'node:events';
import { type ResourceLimits, Worker } from 'node:worker_threads';
import { type ConfirmedEpoch, type EpochConfirmation, RefusalError, type VerifiedHeader } from '@threatguard/proto';
import type { ReceivedEnvelope } from '../batch.ts';
import type { IndexBuffers } from '../detect/intel/intel-index.ts';
import type { OpeningKeys } from '../fleet/epochs/kem-keys.ts';
import type { StageReport } from '../stage-clock.ts';
import type { Analysis, Signer } from './analyse.ts';
import type {
  AnalysisReply,
  ConfirmationRequest,
  RefusedAnalysis,
  ShardData,
  ShardRequest,
  ShardRules,
} from './messages.ts';
import type { Trial, TrialResult } from './trial.ts';
import { Turns } from './turns.ts';

/** An envelope that a stage refused, with the sequence it would have had. */
export class RefusedEnvelopeError extends RefusalError {
  readonly sequence: number;
  /** Where it was verified before it was refused. */
  readonly header: VerifiedHeader | undefined;

  constructor({ code, message, sequence, header }: RefusedAnalysis) {
    super(code, message);
    this.sequence = sequence;
    this.header = header;
  }
}

interface Waiting {
  resolve: (reply: AnalysisReply) => void;
  reject: (error: unknown) => void;
}

type Confirming = ConfirmationRequest['confirmations'][number] & {
  resolve: (confirmed: ConfirmedEpoch) => void;
  reject: (error: unknown) => void;
};

/**
 * A thread that opens and analyses the envelopes of its agents, in the order they are handed to it. When the thread ends
 * by itself (it ran out of memory), what it had is rejected, agents send it again, and the next envelope starts it anew.
 */
export class Shard implements AsyncDisposable {
  readonly turns = new Turns();
  readonly #name: string;
  #data: ShardData;
  readonly #limits: ResourceLimits | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Promise<Worker> | undefined;
  #nextId = 1;
  #closed = false;
  #stages: StageReport | undefined;
  /** Came in this turn of the event loop, and go to the thread in one message. */
  #confirming: Confirming[] = [];

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
    // A copy of its own, handed over whole: the bytes lie in a buffer of gRPC.
    const bytes = Uint8Array.from(received.bytes);
    const { analysis } = await this.#ask((id) => ({ id, received: { ...received, bytes }, signer }), [bytes.buffer]);
    return analysis!;
  }

  /** Rejects with RefusalError, or with the error of a bug. */
  verifyConfirmation(agentId: string, confirmation: EpochConfirmation, signer: Signer): Promise<ConfirmedEpoch> {
    const { promise, resolve, reject } = Promise.withResolvers<ConfirmedEpoch>();
    if (this.#confirming.length === 0) setImmediate(() => this.#verifyConfirmations(this.#confirming.splice(0)));
    this.#confirming.push({ agentId, confirmation, signer, resolve, reject });
    return promise;
  }

  /** Rejects with RefusalError, or with the error of a bug. */
  async try(trial: Trial): Promise<TrialResult> {
    const { tried } = await this.#ask((id) => ({ id, trial: JSON.stringify(trial) }));
    return tried!;
  }

  /** From the next envelope on, and for a thread that starts anew. Resolves when the thread has them. */
  async useKeys(kemKeys: OpeningKeys): Promise<void> {
    this.#data = { ...this.#data, kemKeys };
    await this.#ask((id) => ({ id, kemKeys }));
  }

  /** From the next envelope on, and for a thread that starts anew. Resolves when the thread looks into it. */
  async useIntel(intel: IndexBuffers): Promise<void> {
    this.#data = { ...this.#data, intel };
    // Where the thread ends before it answers, the next one begins with them.
    await this.#ask((id) => ({ id, intel })).catch(() => undefined);
  }

  /** From the next envelope on, and for a thread that starts anew. Resolves when the thread has them. */
  async useRules(rules: ShardRules): Promise<void> {
    this.#data = { ...this.#data, rules };
    await this.#ask((id) => ({ id, rules }));
  }

  async #verifyConfirmations(waiting: readonly Confirming[]): Promise<void> {
    const confirmations = waiting.map(({ agentId, confirmation, signer }) => ({ agentId, confirmation, signer }));
    try {
      const { confirmed = [] } = await this.#ask((id) => ({ id, confirmations }));
      for (const [index, { resolve, reject }] of waiting.entries()) {
        const result = confirmed[index]!;
        if ('code' in result) reject(new RefusalError(result.code, result.message));
        else resolve(result);
      }
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }

  async #ask(request: (id: number) => ShardRequest, transfer: ArrayBuffer[] = []): Promise<AnalysisReply> {
    const worker = await this.#thread();
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<AnalysisReply>();
    this.#waiting.set(id, { resolve, reject });
    worker.postMessage(request(id), transfer);
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

  #answered(reply: AnalysisReply): void {
    const { id, refusal, failure, stages } = reply;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (stages) this.#stages = stages;
    if (refusal) waiting?.reject(new RefusedEnvelopeError(refusal));
    else if (failure) waiting?.reject(new Error(`a shard failed: ${failure}`));
    else waiting?.resolve(reply);
  }
}
