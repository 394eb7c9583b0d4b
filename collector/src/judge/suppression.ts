// A rule that asks for it alerts once about an entity, and then not again about the same one for a while.
//
// Invariants: #since holds at most `entitiesMax` entities, least recently alerted first, each with when it was last alerted
// about. Time is that of the events, so the same events are judged alike whenever they come. What is forgotten alerts once
// more than it should have, never once less.
import type { Detection } from '@threatguard/proto';
import type { Alerted } from '../store/judgement-store.ts';

export const SUPPRESSED_ENTITIES_MAX = 50_000;

export class Suppression {
  /** Entities forgotten for lack of room while more about them would have been suppressed. */
  evicted = 0;
  readonly #entitiesMax: number;
  readonly #windowUs: (ruleId: string) => number;
  readonly #since = new Map<string, number>();

  /** `windowUs` of a rule is 0 where it asks for none. */
  constructor(windowUs: (ruleId: string) => number, options: { entitiesMax?: number } = {}) {
    this.#windowUs = windowUs;
    this.#entitiesMax = options.entitiesMax ?? SUPPRESSED_ENTITIES_MAX;
  }

  /** Whether its entity was alerted about within the window; where not, a window begins with it. */
  suppresses({ ruleId, agentId, entity, lastAtUs }: Detection): boolean {
    const windowUs = this.#windowUs(ruleId ?? '');
    if (windowUs === 0) return false;
    const key = suppressionKey(ruleId ?? '', agentId ?? '', entity ?? '');
    const atUs = lastAtUs ?? 0;
    const sinceUs = this.#since.get(key);
    if (sinceUs !== undefined && Math.abs(atUs - sinceUs) < windowUs) return true;
    this.#begin(key, Math.max(atUs, sinceUs ?? 0));
    return false;
  }

  /** Continues windows as the store has them. */
  restore(alerted: readonly Alerted[]): void {
    const oldestFirst = [...alerted].sort((a, b) => a.lastAtUs - b.lastAtUs);
    for (const { ruleId, agentId, entity, lastAtUs } of oldestFirst) {
      this.#begin(suppressionKey(ruleId, agentId, entity), lastAtUs);
    }
  }

  #begin(key: string, atUs: number): void {
    this.#since.delete(key);
    this.#since.set(key, atUs);
    if (this.#since.size <= this.#entitiesMax) return;
    const [oldest, sinceUs] = this.#since.entries().next().value!;
    this.#since.delete(oldest);
    if (atUs - sinceUs < this.#windowUs(oldest.slice(0, oldest.indexOf('\0')))) this.evicted++;
  }
}

function suppressionKey(ruleId: string, agentId: string, entity: string): string {
  return `${ruleId}\0${agentId}\0${entity}`;
}
