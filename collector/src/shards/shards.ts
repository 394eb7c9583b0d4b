import { availableParallelism } from 'node:os';
import type { OpeningKeys } from '../fleet/epochs/kem-keys.ts';
import type { StageReport } from '../stage-clock.ts';
import type { ShardData } from './messages.ts';
import { Shard } from './shard.ts';

/** More than these the main thread could not keep busy. */
const SHARDS_MAX = 8;

/** One thread is left to the main thread, which also waits for the database. */
function defaultShards(): number {
  return Math.max(1, Math.min(SHARDS_MAX, availableParallelism() - 1));
}

/** The threads that analyse envelopes. An agent always has the same one, so its envelopes stay in order. */
export class Shards implements AsyncDisposable {
  readonly #shards: readonly Shard[];

  private constructor(shards: readonly Shard[]) {
    this.#shards = shards;
  }

  /** Resolves when all threads have their rules. */
  static async start(data: ShardData, count = defaultShards()): Promise<Shards> {
    const shards = new Shards(Array.from({ length: count }, (_, index) => new Shard(`shard ${index + 1}`, data)));
    await Promise.all(shards.#shards.map((shard) => shard.start()));
    return shards;
  }

  /** The shard of an agent, whose id is random. */
  of(agentId: string): Shard {
    return this.#shards[Number.parseInt(agentId.slice(0, 8), 16) % this.#shards.length] ?? this.#shards[0]!;
  }

  /** Resolves when no thread opens an envelope with other keys than these any more. */
  async useKeys(keys: OpeningKeys): Promise<void> {
    await Promise.all(this.#shards.map((shard) => shard.useKeys(keys)));
  }

  stages(): StageReport[] {
    return this.#shards.flatMap((shard) => shard.stages() ?? []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#shards.map((shard) => shard[Symbol.asyncDispose]()));
  }
}
