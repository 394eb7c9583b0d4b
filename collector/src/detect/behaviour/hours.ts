// The present hour of every entity: opened by its first event, added to, looked at as it grows, and closed by the first event
// of a later one.
import type { Bar } from './bar.ts';
import { type Calibration, FRESH, ODD_HOUR, PERSISTENT, VOLUME } from './calibration.ts';
import { DISTINCT, estimateDistinct, FEATURE_COUNT, sketch } from './features.ts';
import type { NoveltyRates } from './novelty.ts';
import type { Texts } from './observations.ts';
import type { PeerGroups } from './peers.ts';
import { combineIndependent, deviateOf } from './probability.ts';
import {
  CATEGORY,
  type EntityKind,
  featureAt,
  GROUP,
  GROUPS,
  LAYOUT,
  PERSISTENCE,
  type Profile,
  SIGNAL_COUNT,
} from './profile.ts';
import { hourSurprise, surpriseOf, usualAt } from './usual.ts';

/** What was not seen for so long is as new again: a season, and longer than weights need to fade. */
const FORGOTTEN_HOURS = 90 * 24;
/** Active hours before an entity has habits. */
const ACTIVE_HOURS_LEAST = 12;
/** Of an hour that was spoken of: it may be the new habit, and it may be the intruder. */
const SPOKEN_WEIGHT = 0.25;
const TAINTED_HOURS = 24;
/** What a running sum of deviates loses each hour, and the most it comes to. */
const PERSISTENCE_SLACK = 0.75;
const PERSISTENCE_MAX = 40;
/**
 * Such a sum comes above x with probability exp(-2 slack x), were hours independent (Siegmund, "Sequential Analysis", 1985,
 * chapter 2): as -log10.
 */
const PERSISTENCE_TENTH = (2 * PERSISTENCE_SLACK) / Math.LN10;
/** Each signal of a group might have been the one. */
const ANY_OF: readonly number[] = [FEATURE_COUNT, 1, FEATURE_COUNT, 2, 3, 2].map(Math.log10);
/** A feature is looked at again when it has grown so much. */
const GROWTH = 1.3;

/** Of each category the group its surprise belongs to. */
const GROUP_OF: readonly number[] = (() => {
  const groups: number[] = [];
  for (const name of ['source', 'peer'] as const) groups[CATEGORY[name]] = GROUP.origin;
  for (const name of ['program', 'pair', 'command'] as const) groups[CATEGORY[name]] = GROUP.program;
  for (const name of ['destination', 'port'] as const) groups[CATEGORY[name]] = GROUP.network;
  return groups;
})();

export interface HoursParts {
  learningDays: number;
  groups: PeerGroups;
  rates: NoveltyRates;
  calibration: Calibration;
  bars: Record<EntityKind, Bar>;
  /** An hour is over: what it came to, before it is learned. */
  closed: (profile: Profile) => void;
}

export class Hours {
  /** Events of an hour that was over already. */
  late = 0;
  /** The first hour ever seen and the newest. */
  first = Number.POSITIVE_INFINITY;
  newest = 0;
  /** Entities whose present hour became more surprising since this was emptied. */
  readonly risen: Profile[] = [];
  readonly #parts: HoursParts;

  constructor(parts: HoursParts) {
    this.#parts = parts;
  }

  /** Whether the present hour of an entity is, or now becomes, this one; false where it is over. */
  open(profile: Profile, hour: number): boolean {
    if (hour === profile.hour) return true;
    if (hour < profile.hour) {
      // Hosts are not in step: what comes after the others have turned the hour still belongs to somebody's present.
      if (profile.hour - hour === 1) return true;
      this.late++;
      return false;
    }
    this.close(profile, hour);
    return true;
  }

  close(profile: Profile, next: number): void {
    if (profile.spoken > 0) profile.spokenHour = profile.hour;
    if (profile.standing !== 'quiet') {
      this.#persist(profile);
      this.#calibrate(profile);
    }
    this.#parts.closed(profile);
    profile.close(next, profile.spoken > 0 ? SPOKEN_WEIGHT : 1);
    profile.standing = this.#standingOf(profile);
  }

  /** What was spoken of is no measure of what is rare, nor are the hours after it: an attack may go on for days. */
  #calibrate(profile: Profile): void {
    const { numbers, kind, hour, spokenHour } = profile;
    if (spokenHour > 0 && hour - spokenHour <= TAINTED_HOURS) return;
    // Before it is known how rare a signal is, its hours say nothing of how rare an hour is.
    const known = this.newest - this.first >= (this.#parts.learningDays * 24) / 2;
    if (known) this.#parts.bars[kind].add(scoreOf(profile));
    this.#parts.calibration.learn(kind, numbers.subarray(LAYOUT.signal, LAYOUT.signal + SIGNAL_COUNT));
  }

  add(profile: Profile, feature: number, amount: number): void {
    const { numbers, nextLook, standing } = profile;
    const at = LAYOUT.window + feature;
    const before = numbers[at]!;
    const value = before + amount;
    numbers[at] = value;
    if (standing !== 'quiet' && (before === 0 || value >= nextLook[feature]!)) this.#look(profile, feature, value);
  }

  /** Counts an item, by its `sketchBit`, among the different ones of a feature: the `which`-th of DISTINCT. */
  addDistinct(profile: Profile, which: number, bit: number): void {
    if (!sketch(profile.sketches, which, bit)) return;
    const feature = DISTINCT[which]!;
    const at = LAYOUT.window + feature;
    this.add(profile, feature, estimateDistinct(profile.sketches, which) - profile.numbers[at]!);
  }

  /** The mean of samples instead of their sum. */
  addSample(profile: Profile, feature: number, value: number): void {
    const { numbers } = profile;
    const samples = LAYOUT.window + FEATURE_COUNT;
    const count = numbers[samples]! + 1;
    numbers[samples] = count;
    const mean = numbers[LAYOUT.window + feature]!;
    numbers[LAYOUT.window + feature] = mean + (value - mean) / count;
    // One sample is a moment; ten are some minutes.
    if (profile.standing !== 'quiet' && count >= 10) this.#look(profile, feature, numbers[LAYOUT.window + feature]!);
  }

  /** Notes something an entity had, by its place among texts; whether it is new to it. */
  addItem(profile: Profile, category: number, { hashes, texts }: Texts, at: number): boolean {
    const bit = 1 << category;
    profile.touched |= bit;
    if (!profile.seen.note(category, hashes, at, profile.hour, FORGOTTEN_HOURS)) return false;
    profile.fresh |= bit;
    if (profile.standing === 'quiet') return true;
    const novelty = this.#parts.rates.judge(profile, category, { hashes, at }, this.#parts.groups);
    const others = profile.items.filter((each) => each.category !== category);
    const known = profile.items.find((each) => each.category === category);
    if (!known || novelty.surprise > known.surprise) {
      profile.items = [...others, { ...novelty, category, text: texts[at]! }];
    }
    this.#raise(profile, GROUP_OF[category]!, FRESH + category, novelty.surprise);
    return true;
  }

  /** Somebody does something by themselves: how usual is that at this hour? */
  askHour(profile: Profile): void {
    if (profile.hourAsked) return;
    profile.hourAsked = true;
    if (profile.standing !== 'quiet') this.#raise(profile, GROUP.hour, ODD_HOUR, hourSurprise(profile, profile.hour));
  }

  #look(profile: Profile, feature: number, value: number): void {
    const usual = usualAt(profile, feature, profile.hour % 24);
    profile.nextLook[feature] = Math.max(value + 1, value * GROWTH, Math.expm1(usual.mean + 1.5 * usual.deviation));
    this.#raise(profile, GROUP.volume, VOLUME + feature, surpriseOf(usual, value));
    const sum = profile.numbers[featureAt(feature) + PERSISTENCE]!;
    this.#raise(profile, GROUP.persistence, PERSISTENT + feature, sum * PERSISTENCE_TENTH);
  }

  #raise(profile: Profile, group: number, signal: number, surprise: number): void {
    const { numbers, kind } = profile;
    if (!(surprise > numbers[LAYOUT.signal + signal]!)) return;
    numbers[LAYOUT.signal + signal] = surprise;
    const rarity = this.#parts.calibration.rarity(kind, signal, surprise) - ANY_OF[group]!;
    if (!(rarity > numbers[LAYOUT.surprise + group]!)) return;
    numbers[LAYOUT.surprise + group] = rarity;
    if (profile.standing === 'spoken-of') this.risen.push(profile);
  }

  /** Adds the hour to the running sums: a little too much, hour after hour, is much. */
  #persist(profile: Profile): void {
    const { numbers } = profile;
    const told = profile.spoken > 0 && numbers[LAYOUT.surprise + GROUP.persistence]! > 1;
    for (let feature = 0; feature < FEATURE_COUNT; feature++) {
      const at = featureAt(feature) + PERSISTENCE;
      const value = numbers[LAYOUT.window + feature]!;
      if (told) numbers[at] = 0;
      else if (value === 0) numbers[at] = Math.max(0, numbers[at]! - 1 - PERSISTENCE_SLACK);
      else {
        const deviate = deviateOf(surpriseOf(usualAt(profile, feature, profile.hour % 24), value));
        numbers[at] = Math.min(PERSISTENCE_MAX, Math.max(0, numbers[at]! + deviate - PERSISTENCE_SLACK));
      }
    }
  }

  #standingOf(profile: Profile): Profile['standing'] {
    const { learningDays } = this.#parts;
    const days = Math.min(profile.ageDays, (this.newest - this.first) / 24);
    if (profile.activeHours < ACTIVE_HOURS_LEAST || days < learningDays / 4) return 'quiet';
    return days < learningDays ? 'looked-at' : 'spoken-of';
  }
}

/** How surprising the present hour is so far: -log10 of its probability, were its groups independent and every habit known. */
export function scoreOf({ numbers }: Profile): number {
  return combineIndependent(numbers.subarray(LAYOUT.surprise, LAYOUT.surprise + GROUPS.length));
}
