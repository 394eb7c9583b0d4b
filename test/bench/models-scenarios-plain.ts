// What the models are held against: for every entity and feature a mean and a standard deviation of all hours before, and an
// alarm where an hour is too many deviations above. The number of deviations is the one that would have had as many alarms in
// the last week of learning as the models' budget allows.
import { FEATURE_COUNT } from '../../collector/src/detect/behaviour/features.ts';
import { LAYOUT, type Profile } from '../../collector/src/detect/behaviour/profile.ts';

const HOURS_LEAST = 24;

interface Running {
  count: number;
  mean: Float64Array;
  squares: Float64Array;
}

export interface PlainAlarm {
  profile: Pick<Profile, 'kind' | 'name'>;
  hour: number;
}

export class PlainThresholds {
  readonly alarms: PlainAlarm[] = [];
  readonly #known = new Map<number, Running>();
  readonly #learned: number[] = [];
  #threshold = Number.POSITIVE_INFINITY;

  /** An hour of an entity that is over. */
  take(profile: Profile, learning: boolean): void {
    const known = this.#known.get(profile.hash) ?? {
      count: 0,
      mean: new Float64Array(FEATURE_COUNT),
      squares: new Float64Array(FEATURE_COUNT),
    };
    this.#known.set(profile.hash, known);
    const z = this.#score(known, profile);
    if (learning) this.#learned.push(z);
    else if (z >= this.#threshold) this.alarms.push({ profile, hour: profile.hour });
    known.count++;
    for (let feature = 0; feature < FEATURE_COUNT; feature++) {
      const value = profile.numbers[LAYOUT.window + feature]!;
      const before = value - known.mean[feature]!;
      known.mean[feature]! += before / known.count;
      known.squares[feature]! += before * (value - known.mean[feature]!);
    }
  }

  /** So many alarms would have been raised in what was learned. */
  settle(alarms: number): void {
    const sorted = this.#learned.sort((a, b) => b - a);
    this.#threshold = sorted[Math.min(sorted.length - 1, Math.round(alarms))] ?? Number.POSITIVE_INFINITY;
  }

  #score({ count, mean, squares }: Running, { numbers }: Profile): number {
    if (count < HOURS_LEAST) return 0;
    let most = 0;
    for (let feature = 0; feature < FEATURE_COUNT; feature++) {
      const deviation = Math.sqrt(squares[feature]! / (count - 1)) || 1;
      most = Math.max(most, (numbers[LAYOUT.window + feature]! - mean[feature]!) / deviation);
    }
    return most;
  }
}
