// Who is on a stream, and which epoch each was told last on it. Lives only as long as the streams do.
import { setImmediate as turn } from 'node:timers/promises';
import type { KemKey } from '@threatguard/proto';

/** Streams told before others get their turn: an announcement has some 10 KiB, and envelopes go on being answered. */
const STREAMS_PER_TURN = 64;

/** A stream that can be told of an epoch. */
export interface Hearer {
  announce(kemKey: KemKey): void;
}

export class Announcer {
  readonly #live: () => ReadonlyMap<string, Hearer>;
  readonly #told = new Map<string, { epoch: number; atUs: number }>();
  readonly #nowUs: () => number;

  constructor(parts: { live: () => ReadonlyMap<string, Hearer>; nowUs: () => number }) {
    this.#live = parts.live;
    this.#nowUs = parts.nowUs;
  }

  live(): ReadonlyMap<string, Hearer> {
    return this.#live();
  }

  /** By a welcome or an announcement. */
  told(agentId: string, epoch: number): void {
    if (this.#told.get(agentId)?.epoch !== epoch) this.#told.set(agentId, { epoch, atUs: this.#nowUs() });
  }

  /** Since when this agent knows of an epoch, or a newer one; undefined where it was not told since the collector started. */
  toldSinceUs(agentId: string, epoch: number): number | undefined {
    const told = this.#told.get(agentId);
    return told && told.epoch >= epoch ? told.atUs : undefined;
  }

  async announce(kemKey: KemKey, whom: { epoch: number; to: (agentId: string) => boolean }): Promise<void> {
    let count = 0;
    for (const [agentId, stream] of [...this.#live()]) {
      // Asked at each: while others were told, a step may have changed who is to know.
      if (!whom.to(agentId) || this.toldSinceUs(agentId, whom.epoch) !== undefined) continue;
      stream.announce(kemKey);
      this.told(agentId, whom.epoch);
      if (++count % STREAMS_PER_TURN === 0) await turn();
    }
  }
}
