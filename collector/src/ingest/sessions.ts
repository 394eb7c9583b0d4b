import { status } from '@grpc/grpc-js';
import type { CollectorFrame } from '@threatguard/proto';
import type { Session } from './session.ts';

/** Live sessions, at most one per agent. */
export class Sessions {
  readonly #live = new Map<string, Session>();

  /**
   * Puts `session` in the place of the agent's older one. Resolves when nothing of the older one is on its way to the
   * store any more, so that the positions read next are final; the same agent's streams therefore never race.
   */
  async takeOver(agentId: string, session: Session): Promise<void> {
    const older = this.#live.get(agentId);
    this.#live.set(agentId, session);
    older?.end(status.ABORTED, 'a newer stream of this agent took over');
    await older?.drained();
  }

  /** Keeps a session that ended until its last envelope is stored, for `takeOver`. */
  async ended(agentId: string, session: Session): Promise<boolean> {
    await session.drained();
    return this.#live.get(agentId) === session && this.#live.delete(agentId);
  }

  isNewest(agentId: string, session: Session): boolean {
    return this.#live.get(agentId) === session;
  }

  of(agentId: string): Session | undefined {
    return this.#live.get(agentId);
  }

  /** Ids of the agents that stream. */
  agents(): IterableIterator<string> {
    return this.#live.keys();
  }

  /** By agent; not to be kept. */
  all(): ReadonlyMap<string, Session> {
    return this.#live;
  }

  /** Tells every agent that streams; how many those are. */
  tellAll(frame: CollectorFrame): number {
    let told = 0;
    for (const session of this.#live.values()) told += Number(session.tell(frame));
    return told;
  }

  endAll(details: string): void {
    for (const session of this.#live.values()) session.end(status.UNAVAILABLE, details);
  }
}
