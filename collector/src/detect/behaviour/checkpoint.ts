// The state of the models as bytes, and back. A checkpoint is of one moment between two envelopes; what came after it is
// learned again from the store. It is written part by part, and between two parts the collector may go on: an entity that is about to
// be changed before its turn came is written first, as it was (EntityTable.beforeChange).
//
// Form: v8.serialize of a plain object with typed arrays, version first; then parts, each of them v8.serialize of an array of
// entities, of which those that were written before their turn are v8.serialize again. It is written and read by the collector alone, from its own
// store.
import { deserialize, serialize } from 'node:v8';
import type { BarState } from './bar.ts';
import type { Behaviour } from './behaviour.ts';
import type { CalibrationState } from './calibration.ts';
import { emptyByKind } from './entity-table.ts';
import { FEATURES_VERSION } from './features.ts';
import type { SavedGroups } from './peers.ts';
import { CATEGORIES, ENTITY_KINDS, type EntityKind, Profile } from './profile.ts';
import type { SeenEntries } from './seen-set.ts';
import type { HourSequences } from './sequences/sequences.ts';
import type { Words } from './sequences/words.ts';

/** Of this form and of the features: another one is not read, and learning begins anew. */
const VERSION = 1_000 + FEATURES_VERSION;
/** Of entities in one part: some milliseconds of work, and no row of the store is larger than some MiB. */
const PART_BYTES = 512 * 1024;
const ITEM_BYTES = 16;

interface SavedProfile {
  identity: { kind: EntityKind; name: string; hash: number };
  at: [firstHour: number, hour: number, decayedDay: number, activeHours: number, touched: number, fresh: number];
  spoken: number;
  spokenHour: number;
  standing: Profile['standing'];
  numbers: Float32Array;
  nextLook: Float32Array;
  hourAsked: boolean;
  sketches: Uint32Array;
  /** By category. */
  seen: (SeenEntries | undefined)[];
  sequences?: HourSequences | undefined;
}

interface Head {
  version: number;
  first: number;
  newest: number;
  late: number;
  evicted: number;
  positions: Map<string, number>;
  rates: Float32Array;
  calibration: CalibrationState;
  bars: Record<EntityKind, BarState>;
  ensembles: Record<EntityKind, BarState>;
  groups: SavedGroups;
  closedIn: Record<EntityKind, Float64Array>;
  sequenceBars?: Record<EntityKind, BarState>;
  words?: ReturnType<Words['state']>;
}

/**
 * Parts in their order; the first is the head. All are of the moment the first is asked for, whatever is observed until the last. One
 * at a time for each `behaviour`.
 */
export function* writeCheckpoint(behaviour: Behaviour): Generator<Uint8Array, void> {
  const { hours, entities, bars, ensembles } = behaviour;
  const head: Head = {
    version: VERSION,
    first: hours.first,
    newest: hours.newest,
    late: hours.late,
    evicted: entities.evicted,
    positions: behaviour.positions,
    rates: behaviour.rates.counts,
    calibration: behaviour.calibration.state(),
    bars: emptyByKind((kind) => bars[kind].state()),
    ensembles: emptyByKind((kind) => ensembles[kind].state()),
    closedIn: behaviour.closedIn,
    groups: behaviour.groups.state(),
    sequenceBars: emptyByKind((kind) => behaviour.sequenceBars[kind].state()),
    words: behaviour.sequences.words.state(),
  };
  const waiting = new Set(entities.all());
  let part: (SavedProfile | Uint8Array)[] = [];
  entities.beforeChange = (profile) => {
    if (waiting.delete(profile)) part.push(serialize(saveProfile(profile)));
  };
  try {
    yield serialize(head);
    let bytes = 0;
    for (const profile of waiting) {
      waiting.delete(profile);
      part.push(saveProfile(profile));
      bytes += bytesOf(profile);
      if (bytes < PART_BYTES) continue;
      const full = serialize(part);
      part = [];
      bytes = 0;
      yield full;
    }
    if (part.length > 0) yield serialize(part);
  } finally {
    entities.beforeChange = undefined;
  }
}

/** About. */
function bytesOf({ numbers, nextLook, sketches, seen }: Profile): number {
  return 4 * (numbers.length + nextLook.length + sketches.length) + ITEM_BYTES * seen.size;
}

/** Puts what was saved into one that is new; false where it is of another version, and then nothing was changed. */
export function readCheckpoint(behaviour: Behaviour, parts: readonly Uint8Array[]): boolean {
  const [first, ...rest] = parts;
  const head = first && (deserialize(first) as Head);
  if (head?.version !== VERSION) return false;
  const { hours, entities, bars, positions } = behaviour;
  hours.first = head.first;
  hours.newest = head.newest;
  hours.late = head.late;
  entities.evicted = head.evicted;
  for (const [stream, sequence] of head.positions) positions.set(stream, sequence);
  if (head.words) behaviour.sequences.words.restore(head.words);
  behaviour.rates.counts.set(head.rates);
  behaviour.calibration.restore(head.calibration);
  for (const kind of ENTITY_KINDS) {
    bars[kind].restore(head.bars[kind]);
    behaviour.ensembles[kind].restore(head.ensembles[kind]);
    if (head.sequenceBars) behaviour.sequenceBars[kind].restore(head.sequenceBars[kind]);
    behaviour.closedIn[kind].set(head.closedIn[kind]);
  }
  for (const part of rest) {
    for (const saved of deserialize(part) as (SavedProfile | Uint8Array)[]) {
      entities.add(loadProfile(saved instanceof Uint8Array ? (deserialize(saved) as SavedProfile) : saved));
    }
  }
  behaviour.groups.restore(head.groups, entities);
  return true;
}

function saveProfile(profile: Profile): SavedProfile {
  const { kind, name, hash, firstHour, hour, decayedDay, activeHours, touched, fresh } = profile;
  const { spoken, spokenHour, standing, numbers, nextLook, hourAsked, sketches, seen, sequences } = profile;
  return {
    identity: { kind, name, hash },
    at: [firstHour, hour, decayedDay, activeHours, touched, fresh],
    spoken,
    spokenHour,
    standing,
    numbers,
    nextLook,
    hourAsked,
    sketches,
    seen: CATEGORIES.map((_, category) => seen.entries(category)),
    sequences,
  };
}

function loadProfile({ identity, at, numbers, nextLook, sketches, seen, ...rest }: SavedProfile): Profile {
  const [firstHour, hour, decayedDay, activeHours, touched, fresh] = at;
  const profile = new Profile(identity, firstHour);
  Object.assign(profile, { hour, decayedDay, activeHours, touched, fresh, ...rest });
  profile.numbers.set(numbers);
  profile.nextLook.set(nextLook);
  profile.sketches.set(sketches);
  seen.forEach((entries, category) => {
    if (entries) profile.seen.restore(category, entries);
  });
  return profile;
}
