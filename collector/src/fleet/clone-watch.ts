// One key, one host. Tells a host that comes back from a second one that holds a copy of its identity.
//
// Form: what the live stream of each agent said in its hello. Invariant: an entry is there from the welcome of a stream until
// it ends or another takes over.
import { setTimeout as wait } from 'node:timers/promises';
import { cleanText } from './clean-text.ts';

/** Of a machine id and a boot id. */
const HOST_MARK_CHARS_MAX = 128;

/** What a hello says of its host. Empty where it does not say. */
export interface HostMarks {
  machineId: string;
  bootId: string;
}

/** The marks in what a host sent. */
export function hostMarks(host: { machineId?: string | null; bootId?: string | null }): HostMarks {
  return {
    machineId: cleanText(host.machineId, HOST_MARK_CHARS_MAX),
    bootId: cleanText(host.bootId, HOST_MARK_CHARS_MAX),
  };
}

/** By what a second host showed. */
export type CloneSign = 'machine_id' | 'boot_id';

interface Live {
  marks: HostMarks;
  /** When the host last spoke by itself, by the collector's clock. */
  spokeAtMs: number;
  /** Settled when it speaks again, or its stream has ended. */
  news: PromiseWithResolvers<void>;
}

/**
 * A live agent sends a heartbeat every 10 s. A stream that was silent for longer is dead, though TCP has not noticed yet:
 * the host was rebooted.
 */
const ALIVE_MS = 12_000;

export class CloneWatch {
  readonly #live = new Map<string, Live>();
  readonly #nowMs: () => number;
  readonly #aliveMs: number;

  /** `aliveMs` may be shorter in tests. */
  constructor({ nowMs, aliveMs = ALIVE_MS }: { nowMs: () => number; aliveMs?: number }) {
    this.#nowMs = nowMs;
    this.#aliveMs = aliveMs;
  }

  /** The boot an agent streams from now. */
  liveBoot(agentId: string): { bootId: string } | undefined {
    const live = this.#live.get(agentId);
    return live && { bootId: live.marks.bootId };
  }

  /**
   * Why a hello is taken for one of a second host; undefined where it may be the same. Of a host with another boot that is
   * known once the first stream has spoken, has ended, or was silent for too long: at most `aliveMs`.
   */
  async judge(agent: { id: string; machineId: string }, marks: HostMarks): Promise<CloneSign | undefined> {
    const live = this.#live.get(agent.id);
    if (differ(agent.machineId, marks.machineId) || (live && differ(live.marks.machineId, marks.machineId))) {
      return 'machine_id';
    }
    if (!live || !differ(live.marks.bootId, marks.bootId)) return undefined;
    const askedAtMs = this.#nowMs();
    const leftMs = live.spokeAtMs + this.#aliveMs - askedAtMs;
    if (leftMs <= 0) return undefined;
    const over = new AbortController();
    const silent = wait(leftMs, 'silent', { signal: over.signal, ref: false }).catch(() => 'silent');
    // What was under way when the host went down arrives late; only what was said after the newcomer's hello counts.
    while (this.#live.get(agent.id) === live && live.spokeAtMs <= askedAtMs) {
      const news = await Promise.race([live.news.promise, silent]);
      if (news === 'silent') break;
    }
    over.abort();
    return this.#live.get(agent.id) === live && live.spokeAtMs > askedAtMs ? 'boot_id' : undefined;
  }

  opened(agentId: string, marks: HostMarks): void {
    this.closed(agentId);
    this.#live.set(agentId, { marks, spokeAtMs: this.#nowMs(), news: Promise.withResolvers() });
  }

  /** A heartbeat of the live stream, with when it was sent by the collector's clock. */
  heard(agentId: string, sentAtMs: number): void {
    const live = this.#live.get(agentId);
    if (!live) return;
    live.spokeAtMs = Math.max(live.spokeAtMs, sentAtMs);
    live.news.resolve();
    live.news = Promise.withResolvers();
  }

  /** The newest stream of an agent has ended. */
  closed(agentId: string): void {
    const live = this.#live.get(agentId);
    this.#live.delete(agentId);
    live?.news.resolve();
  }
}

/** Both say it, and not the same. */
function differ(a: string, b: string): boolean {
  return a !== '' && b !== '' && a !== b;
}
