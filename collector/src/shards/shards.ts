import { availableParallelism } from 'node:os';
import { SMALL_ENVELOPE_BYTES_MAX } from '../batch.ts';
import type { IndexBuffers } from '../detect/intel/intel-index.ts';
import type { OpeningKeys } from '../fleet/epochs/kem-keys.ts';
import type { StageReport } from '../stage-clock.ts';
import type { ShardData, ShardRules } from './messages.ts';

import { Shard } from './shard.ts';
import type { Trial, TrialResult } from './trial.ts';

/** More than these the main thread could not keep busy. */
const SHARDS_MAX = 8;

/** One thread is left to the main thread, which also waits for the database. */
function defaultShards(): number {
  return Math.max(1, Math.min(SHARDS_MAX, availableParallelism() - 1));
}

/**
 * The threads that analyse envelopes. An agent always has the same one for what is large. What is small and may be urgent
 * goes to one beside them, so that it does not wait for large ones to be done, as long as that one is not busy itself.
 * Which thread it is does not matter to the order: a session hands over the next envelope after the one before.
 */
export class Shards implements AsyncDisposable {
  readonly #shards: readonly Shard[];
  readonly #express: Shard;
  #trials = 0;

  private constructor(shards: readonly Shard[], express: Shard) {
    this.#shards = shards;
    this.#express = express;
  }

  /** Resolves when all threads have their rules. */
  static async start(data: ShardData, count = defaultShards()): Promise<Shards> {
    const own = Array.from({ length: count }, (_, index) => new Shard(`shard ${index + 1}`, data));
    const shards = new Shards(own, new Shard('express', data));
    await Promise.all(shards.#all.map((shard) => shard.start()));
    return shards;
  }

  /** The shard for an envelope of so many bytes. Ids of agents are random. */
  of(agentId: string, bytes: number): Shard {
    if (bytes <= SMALL_ENVELOPE_BYTES_MAX && this.#express.turns.hasSmallTurn) return this.#express;
    return this.#shards[Number.parseInt(agentId.slice(0, 8), 16) % this.#shards.length] ?? this.#shards[0]!;
  }

  /** Tries events in one of the threads, in turn with what agents sent. `bytes` is about how large they are. */
  async try(trial: Trial, bytes: number): Promise<TrialResult> {
    const shard = this.#shards[this.#trials++ % this.#shards.length]!;
    using _turn = await shard.turns.next(bytes);
    return await shard.try(trial);
  }

  /** Resolves when no thread opens an envelope with other keys than these any more. */
  async useKeys(keys: OpeningKeys): Promise<void> {
    await Promise.all(this.#all.map((shard) => shard.useKeys(keys)));
  }

  /** Resolves when every thread holds events against these indicators. */
  async useIntel(intel: IndexBuffers): Promise<void> {
    await Promise.all(this.#all.map((shard) => shard.useIntel(intel)));
  }

  /** Resolves when no thread looks for other rules than these any more. */
  async useRules(rules: ShardRules): Promise<void> {
    await Promise.all(this.#all.map((shard) => shard.useRules(rules)));
  }

  stages(): StageReport[] {
    return this.#all.flatMap((shard) => shard.stages() ?? []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((shard) => shard[Symbol.asyncDispose]()));
  }

  get #all(): Shard[] {
    return [...this.#shards, this.#express];
  }
}
