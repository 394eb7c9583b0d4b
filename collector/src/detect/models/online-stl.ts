// Seasonal decomposition of a stream, a value at a time, after Mishra, Sriharsha and Zhong, "OnlineSTL: Scaling Time Series
// Decomposition by 100x" (arXiv:2107.09110, 2021): the first seasons are taken apart by STL; from then on the trend is a tricube filter
// over the newest values without their season, and each phase of the season is smoothed exponentially. Here the filter
// fits a line, as STL does at its end, so that a trend is not followed late; and what lies far from what was expected is trusted less,
// by STL's bisquare, where that is asked for.
//
// Form: rings of the newest `#window` values without their season and how far each is trusted; a number for each phase.
import { estimateAt } from './loess.ts';
import { decompose } from './stl.ts';

export interface OnlineStlOptions {
  /** Values in one season, at least 2. */
  period: number;
  robust?: boolean;
}

export interface Parts {
  trend: number;
  seasonal: number;
  remainder: number;
}

/** Seasons that STL takes apart to begin with. */
export const FIRST_SEASONS = 4;
/** A phase moves by this share of what it is off by: the newest 7 seasons weigh most, as in STL's default. */
const SEASON_RATE = 2 / (7 + 1);
/** Of the remainder's usual size. */
const SIZE_RATE = 0.01;
/** Usual sizes beyond which a value is not trusted at all: STL's 6 medians. */
const TRUSTED_UP_TO = 6;

export class OnlineStl {
  readonly #period: number;
  readonly #robust: boolean;
  readonly #window: number;
  readonly #first: number[] = [];
  #level = new Float64Array(0);
  #trust = new Float64Array(0);
  #season = new Float64Array(0);
  #phase = 0;
  #usual = 0;

  constructor({ period, robust = false }: OnlineStlOptions) {
    if (period < 2) throw new RangeError('a season has at least 2 values');
    this.#period = period;
    this.#robust = robust;
    // STL's n(t) for a seasonal window of 7, of which its end has one side.
    this.#window = Math.ceil((1.5 * period) / (1 - 1.5 / 7));
  }

  /** Takes the next value apart by those before it; undefined in the first seasons. The parts add up to it. */
  observe(value: number): Parts | undefined {
    if (this.#season.length === 0) {
      this.#first.push(value);
      if (this.#first.length === FIRST_SEASONS * this.#period) this.#begin();
      return undefined;
    }
    const phase = this.#phase;
    this.#phase = (phase + 1) % this.#period;
    const before = this.#estimate(this.#level.length - 1) + this.#season[phase]!;
    const trust = this.#trustIn(value - before);
    this.#push(value - this.#season[phase]!, trust);
    const detrended = value - this.#estimate(this.#level.length - 1);
    this.#season[phase]! += SEASON_RATE * trust * (detrended - this.#season[phase]!);
    this.#centre();
    const seasonal = this.#season[phase]!;
    this.#level[this.#level.length - 1] = value - seasonal;
    const trend = this.#estimate(this.#level.length - 1);
    const remainder = value - trend - seasonal;
    this.#usual += SIZE_RATE * (Math.min(Math.abs(remainder), TRUSTED_UP_TO * this.#usual) - this.#usual);
    return { trend, seasonal, remainder };
  }

  #begin(): void {
    const values = Float64Array.from(this.#first);
    const { trend, seasonal, remainder } = decompose(values, { period: this.#period, robust: this.#robust });
    this.#season = seasonal.slice(-this.#period);
    const count = Math.min(this.#window, values.length);
    this.#level = values.slice(-count).map((value, at) => value - seasonal[values.length - count + at]!);
    this.#usual = remainder.reduce((sum, each) => sum + Math.abs(each), 0) / remainder.length;
    this.#trust = new Float64Array(count).fill(1);
    for (let at = 0; at < count; at++) {
      this.#trust[at] = this.#trustIn(this.#level[at]! - trend[values.length - count + at]!);
    }
    this.#first.length = 0;
  }

  #estimate(place: number): number {
    const right = this.#level.length - 1;
    const found = estimateAt(this.#level, place, {
      left: 0,
      right,
      window: right + 1,
      degree: 1,
      jump: 1,
      trust: this.#trust,
    });
    return found ?? this.#level[right]!;
  }

  #trustIn(error: number): number {
    if (!this.#robust || this.#usual === 0) return 1;
    const share = Math.abs(error) / (TRUSTED_UP_TO * this.#usual);
    return share < 1 ? (1 - share * share) ** 2 : 0;
  }

  #push(level: number, trust: number): void {
    this.#level.copyWithin(0, 1);
    this.#trust.copyWithin(0, 1);
    this.#level[this.#level.length - 1] = level;
    this.#trust[this.#trust.length - 1] = trust;
  }

  /** A season is about nothing: what all phases have in common is trend. */
  #centre(): void {
    let mean = 0;
    for (const each of this.#season) mean += each / this.#period;
    for (let phase = 0; phase < this.#period; phase++) this.#season[phase]! -= mean;
  }
}
