// What is usual for one entity, and what its present hour has so far.
//
// Form: all numbers in one array, in the order of LAYOUT, so that a checkpoint is a copy. What is learned is weighed: it
// halves every HALF_LIFE_DAYS, once a day. Of a feature only hours that had some of it have a mean (of log(1 + value), since
// volumes differ by factors); how often an hour has any stands beside it.
import { FEATURE_COUNT, SKETCHES_WORDS } from './features.ts';
import type { FreshItem } from './reason.ts';
import { SeenSet } from './seen-set.ts';
import type { HourSequences } from './sequences/sequences.ts';

/** Two weeks: last month counts a quarter, and a person who changes teams is known anew in a month. */
const HALF_LIFE_DAYS = 14;
const DAY_KEPT = 2 ** (-1 / HALF_LIFE_DAYS);
/** Largest values of a feature that are remembered as they were: enough to say "3 times before". */
export const TOP_KEPT = 4;
/** Items of one category of one entity. Beyond it most are noise, such as the clients of a public server. */
const ITEMS_MAX = 512;

/** First-seen sets. `peer` is the host for a user, the user for a host, an account or a program. */
export const CATEGORIES = ['source', 'peer', 'program', 'pair', 'command', 'destination', 'port'] as const;
export type Category = (typeof CATEGORIES)[number];
export const CATEGORY = Object.fromEntries(CATEGORIES.map((name, at) => [name, at])) as Record<Category, number>;

/** What surprises independently of each other, for the combination of their probabilities. */
export const GROUPS = ['volume', 'hour', 'persistence', 'origin', 'program', 'network'] as const;
export const GROUP = Object.fromEntries(GROUPS.map((name, at) => [name, at])) as Record<
  (typeof GROUPS)[number],
  number
>;

const PER_FEATURE = 3 + 48 + TOP_KEPT;
const NOVELTY = 24 + 7;
const FEATURE = NOVELTY + 2 * CATEGORIES.length;
const WINDOW = FEATURE + FEATURE_COUNT * PER_FEATURE;
const SURPRISE = WINDOW + FEATURE_COUNT + 1;
const SIGNAL = SURPRISE + GROUPS.length;
/** Volume and persistence of each feature, something new of each category, and the hour of the day. */
export const SIGNAL_COUNT = 2 * FEATURE_COUNT + CATEGORIES.length + 1;
const NUMBERS = SIGNAL + SIGNAL_COUNT;

export const LAYOUT = {
  /** 24: weighed days on which the entity was active in this hour (UTC). */
  hours: 0,
  /** 7: weighed hours in which it was active, by day of the week, Thursday first as 1970-01-01 was. */
  weekdays: 24,
  /** For each category: weighed hours in which it had any, then those in which it had something new. */
  novelty: NOVELTY,
  /** PER_FEATURE for each: weight, sum of squares around the hours' means, running sum of persistence, weight of each hour, mean of each hour, largest. */
  feature: FEATURE,
  /** The present hour: value of each feature, then how many samples the load is the mean of. */
  window: WINDOW,
  /** How rare the present hour is so far, for each of GROUPS: -log10 of the share of such hours. */
  surprise: SURPRISE,
  /** How surprising each signal was, by what the entity itself had before: -log10 of a probability. */
  signal: SIGNAL,
} as const;

export const WEIGHT = 0;
export const SQUARES = 1;
export const PERSISTENCE = 2;
export const HOUR_WEIGHT = 3;
export const HOUR_MEAN = 27;
export const TOP = 51;

export type EntityKind = 'host' | 'user' | 'account' | 'program';
export const ENTITY_KINDS: readonly EntityKind[] = ['host', 'user', 'account', 'program'];

/** First place of what is learned of a feature. */
export function featureAt(feature: number): number {
  return LAYOUT.feature + feature * PER_FEATURE;
}

/** Of a feature that was too much for hours: it becomes usual, but in days, or whoever is patient would never be seen. */
function trustIn(persistence: number): number {
  return persistence < PERSISTENT_SUM ? 1 : 0.1;
}

/** Four deviates beyond what chance adds up to: some three hours of clearly too much. */
const PERSISTENT_SUM = 4;

export class Profile {
  readonly kind: EntityKind;
  /** Of a host its agent's id; of an account `user@agent`. */
  readonly name: string;
  /** 53 bits of kind and name, as in the sets of others and in stored windows. */
  readonly hash: number;
  readonly numbers: Float32Array;
  readonly sketches: Uint32Array;
  /** First-seen items, by the place of their category. */
  readonly seen = new SeenSet(CATEGORIES.length, ITEMS_MAX);
  /** Hours since the epoch: the first ever, the present one, and the day up to which weights have decayed. */
  firstHour: number;
  hour: number;
  decayedDay: number;
  /** Hours with any activity since it is known. */
  activeHours = 0;
  /** Bits of the categories the present hour had, and of those with something new. */
  touched = 0;
  fresh = 0;
  /** What was new in the present hour, the most surprising of each category. Not in a checkpoint: words for a reason. */
  items: FreshItem[] = [];
  /** What the present hour did one after the other; undefined where nothing of the kind. */
  sequences: HourSequences | undefined;
  /** The score with which it was last spoken of in the present hour; 0 where it was not. */
  spoken = 0;
  /** The hour in which it was spoken of last; 0 for never. */
  spokenHour = 0;
  /** What the present hour may lead to: too new to be looked at, looked at to learn what is rare, or spoken of. */
  standing: 'quiet' | 'looked-at' | 'spoken-of' = 'quiet';
  /** Whether it was asked how usual this hour of the day is. */
  hourAsked = false;
  /** Values at which the features of the present hour are looked at next. */
  readonly nextLook = new Float32Array(FEATURE_COUNT).fill(Number.POSITIVE_INFINITY);

  constructor(identity: { kind: EntityKind; name: string; hash: number }, hour: number) {
    this.kind = identity.kind;
    this.name = identity.name;
    this.hash = identity.hash;
    this.numbers = new Float32Array(NUMBERS);
    this.sketches = new Uint32Array(SKETCHES_WORDS);
    this.firstHour = hour;
    this.hour = hour;
    this.decayedDay = Math.floor(hour / 24);
  }

  /** Weighed days it is known, at least part of one. */
  get knownDays(): number {
    const days = Math.max(1, (this.hour - this.firstHour) / 24);
    return (1 - DAY_KEPT ** days) / (1 - DAY_KEPT);
  }

  get ageDays(): number {
    return (this.hour - this.firstHour) / 24;
  }

  /** Learns the present hour, and begins another that is empty. `weight` below 1 for an hour that is not to be taken for usual. */
  close(nextHour: number, weight: number): void {
    const { numbers } = this;
    const hourOfDay = this.hour % 24;
    const day = Math.floor(this.hour / 24);
    this.#decayTo(day);
    numbers[LAYOUT.hours + hourOfDay]! += weight;
    numbers[LAYOUT.weekdays + (day % 7)]! += weight;
    for (let feature = 0; feature < FEATURE_COUNT; feature++) {
      const value = numbers[LAYOUT.window + feature]!;
      if (value > 0)
        this.#learn(feature, hourOfDay, value, weight * trustIn(numbers[featureAt(feature) + PERSISTENCE]!));
    }
    for (let category = 0; category < CATEGORIES.length; category++) {
      if ((this.touched & (1 << category)) === 0) continue;
      numbers[LAYOUT.novelty + category * 2]! += weight;
      if ((this.fresh & (1 << category)) !== 0) numbers[LAYOUT.novelty + category * 2 + 1]! += weight;
    }
    this.activeHours++;
    this.hour = nextHour;
    numbers.fill(0, LAYOUT.window, NUMBERS);
    this.sketches.fill(0);
    this.nextLook.fill(Number.POSITIVE_INFINITY);
    this.touched = 0;
    this.fresh = 0;
    this.items = [];
    this.sequences = undefined;
    this.spoken = 0;
    this.hourAsked = false;
  }

  #learn(feature: number, hourOfDay: number, value: number, weight: number): void {
    const { numbers } = this;
    const at = featureAt(feature);
    const logged = Math.log1p(value);
    const total = numbers[at + HOUR_WEIGHT + hourOfDay]! + weight;
    const mean = numbers[at + HOUR_MEAN + hourOfDay]!;
    const known = total > weight;
    const next = known ? mean + ((logged - mean) * weight) / total : logged;
    // The first value of an hour says nothing of how values differ within it.
    if (known) {
      numbers[at + WEIGHT]! += weight;
      numbers[at + SQUARES]! += weight * (logged - mean) * (logged - next);
    }
    numbers[at + HOUR_WEIGHT + hourOfDay] = total;
    numbers[at + HOUR_MEAN + hourOfDay] = next;
    for (let place = at + TOP, end = place + TOP_KEPT, rest = value; place < end; place++) {
      if (numbers[place]! >= rest) continue;
      const moved = numbers[place]!;
      numbers[place] = rest;
      rest = moved;
    }
  }

  #decayTo(day: number): void {
    if (day <= this.decayedDay) return;
    const kept = DAY_KEPT ** (day - this.decayedDay);
    this.decayedDay = day;
    const { numbers } = this;
    for (let at = 0; at < FEATURE; at++) numbers[at]! *= kept;
    for (let feature = 0; feature < FEATURE_COUNT; feature++) {
      const at = featureAt(feature);
      numbers[at + WEIGHT]! *= kept;
      numbers[at + SQUARES]! *= kept;
      for (let hour = 0; hour < 24; hour++) numbers[at + HOUR_WEIGHT + hour]! *= kept;
    }
  }
}
