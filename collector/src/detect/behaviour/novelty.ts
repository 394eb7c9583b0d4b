// How surprising it is that an entity has something it never had.
import type { PeerGroups } from './peers.ts';
import { PEERS_LEAST } from './peers.ts';
import { CATEGORIES, ENTITY_KINDS, LAYOUT, type Profile } from './profile.ts';

/** As if an entity had had so many hours, a third of one with something new. */
const HOURS_PRIOR = 1;
const NEW_PRIOR = 0.3;
/** A share of the peers below which an item is known to few. */
const FEW = 0.1;
/** How many of the peers have an item. */
const NOBODY = 0;
const SOME = 1;
const MANY = 2;
const REACHES = 3;
/** Counts of how known new items are halve after so many: what is usual in a fleet changes. */
const COUNTED_MAX = 2_000;

/** What is new: its key is at a place of `hashes`. */
export interface Item {
  hashes: Float64Array;
  at: number;
}

export interface Novelty {
  surprise: number;
  peers: number;
  peersWith: number;
}

/** What is new to entities of a kind: for each category how often nobody, some or many of the peers had it. */
export class NoveltyRates {
  readonly counts = new Float32Array(ENTITY_KINDS.length * CATEGORIES.length * REACHES);

  /**
   * -log10 of the probability that an hour of this entity has something new in a category, times that what is new is known
   * to so few peers. Counts it. The entity must not have it in its set yet where peers are asked of themselves.
   */
  judge(profile: Profile, category: number, { hashes, at: place }: Item, groups: PeerGroups): Novelty {
    const asked = groups.of(profile);
    let peersWith = 0;
    for (const peer of asked) if (peer.seen.has(category, hashes, place)) peersWith++;
    const reach = reachOf(peersWith, asked.length);
    const at = (ENTITY_KINDS.indexOf(profile.kind) * CATEGORIES.length + category) * REACHES;
    const [nobody, some, many] = [this.counts[at]!, this.counts[at + 1]!, this.counts[at + 2]!];
    this.#count(at, reach);
    const rarer = reach === NOBODY ? nobody : reach === SOME ? nobody + some : nobody + some + many;
    const known = (rarer + 1) / (nobody + some + many + 1);
    const hours = profile.numbers[LAYOUT.novelty + category * 2]!;
    const fresh = profile.numbers[LAYOUT.novelty + category * 2 + 1]!;
    const own = Math.min(1, (fresh + NEW_PRIOR) / (hours + HOURS_PRIOR));
    return { surprise: -Math.log10(own * known), peers: asked.length, peersWith };
  }

  #count(at: number, reach: number): void {
    this.counts[at + reach]!++;
    if (this.counts[at]! + this.counts[at + 1]! + this.counts[at + 2]! <= COUNTED_MAX) return;
    for (let each = 0; each < REACHES; each++) this.counts[at + each]! /= 2;
  }
}

/** Too few peers say nothing: then it is as if many had it, and only the entity's own habit counts. */
function reachOf(peersWith: number, peers: number): number {
  if (peers < PEERS_LEAST) return MANY;
  if (peersWith === 0) return NOBODY;
  return peersWith < Math.max(2, FEW * peers) ? SOME : MANY;
}
