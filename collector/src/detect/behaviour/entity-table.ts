// All entities that are known, by the hash of kind and name.
//
// Invariant: at most `entitiesMax`; beyond it the eighth that was not active for longest is forgotten and counted. A profile takes
// some 5 KiB, and up to 60 KiB with full first-seen sets. Whoever changes a profile has it from `take` or `find` in the same turn of the
// event loop, so that a checkpoint can be of one moment though it is written over many.
import { ENTITY_KINDS, type EntityKind, Profile } from './profile.ts';

/** Ten times the users, accounts, hosts and programs of a fleet one collector is made for; some 300 MiB when full. */
const ENTITIES_MAX = 20_000;

export class EntityTable {
  /** Entities forgotten for lack of room: they are learned anew. */
  evicted = 0;
  /** Told of an entity before it may be changed: while a checkpoint is written. */
  beforeChange: ((profile: Profile) => void) | undefined;
  readonly #entitiesMax: number;
  readonly #known = new Map<number, Profile>();
  readonly #counts: Record<EntityKind, number> = { host: 0, user: 0, account: 0, program: 0 };

  constructor(entitiesMax = ENTITIES_MAX) {
    this.#entitiesMax = entitiesMax;
  }

  get size(): number {
    return this.#known.size;
  }

  count(kind: EntityKind): number {
    return this.#counts[kind];
  }

  find(hash: number): Profile | undefined {
    const known = this.#known.get(hash);
    if (known) this.beforeChange?.(known);
    return known;
  }

  /** `name` is asked for only where the entity is new. */
  take(kind: EntityKind, hash: number, hour: number, name: () => string): Profile {
    const known = this.find(hash);
    if (known) return known;
    const profile = new Profile({ kind, name: name(), hash }, hour);
    this.add(profile);
    return profile;
  }

  add(profile: Profile): void {
    if (!this.#known.has(profile.hash)) this.#counts[profile.kind]++;
    this.#known.set(profile.hash, profile);
    if (this.#known.size > this.#entitiesMax) this.#forgetOldest(profile.hash);
  }

  all(): IterableIterator<Profile> {
    return this.#known.values();
  }

  ofKind(kind: EntityKind): Profile[] {
    return Array.from(this.#known.values()).filter((profile) => profile.kind === kind);
  }

  #forgetOldest(newest: number): void {
    const hours = Float64Array.from(this.#known.values(), ({ hour }) => hour).sort();
    const boundary = hours[Math.floor(hours.length / 8)]!;
    let left = Math.max(1, Math.floor(this.#entitiesMax / 8));
    for (const [hash, { hour, kind }] of this.#known) {
      if (left === 0) break;
      if (hour > boundary || hash === newest) continue;
      this.#known.delete(hash);
      this.#counts[kind]--;
      this.evicted++;
      left--;
    }
  }
}

export function emptyByKind<T>(make: (kind: EntityKind) => T): Record<EntityKind, T> {
  return Object.fromEntries(ENTITY_KINDS.map((kind) => [kind, make(kind)])) as Record<EntityKind, T>;
}
