// STL, the seasonal-trend decomposition by loess: Cleveland, Cleveland, McRae and Terpenning, Journal of Official Statistics 6
// (1990). Names of the parameters in the paper stand beside ours.
import { estimateAt, type LoessOptions, smooth } from './loess.ts';

export interface StlOptions {
  /** n(p): values in one season, at least 2. */
  period: number;
  /** n(s): seasons that are smoothed over; odd, at least 7. Larger keeps the season the same for longer. */
  seasonalWindow?: number;
  seasonalDegree?: 0 | 1;
  trendDegree?: 0 | 1;
  /** Whether values far from the rest are trusted less. */
  robust?: boolean;
  /** n(i) and n(o). */
  innerLoops?: number;
  outerLoops?: number;
  /** Share of a window after which the next value is estimated; 0 estimates every value. */
  jumpShare?: number;
}

export interface Decomposition {
  trend: Float64Array;
  seasonal: Float64Array;
  remainder: Float64Array;
}

const SEASONAL_WINDOW = 7;

/** Takes a series apart; the three parts add up to it. Throws RangeError below two seasons of values. */
export function decompose(values: Float64Array, options: StlOptions): Decomposition {
  const { period, seasonalWindow = SEASONAL_WINDOW, robust = false, jumpShare = 0 } = options;
  if (period < 2) throw new RangeError('a season has at least 2 values');
  if (values.length < 2 * period)
    throw new RangeError(`${values.length} values are less than two seasons of ${period}`);
  const loess = (window: number, degree: 0 | 1): LoessOptions => ({
    window,
    degree,
    jump: Math.max(1, Math.ceil(window * jumpShare)),
  });
  const seasons = loess(seasonalWindow, options.seasonalDegree ?? 1);
  const trends = loess(nextOdd((1.5 * period) / (1 - 1.5 / seasonalWindow)), options.trendDegree ?? 1);
  const lows = loess(nextOdd(period), options.trendDegree ?? 1);
  const innerLoops = options.innerLoops ?? (robust ? 2 : 5);
  const outerLoops = options.outerLoops ?? (robust ? 15 : 0);

  let trend: Float64Array = new Float64Array(values.length);
  let seasonal: Float64Array = new Float64Array(values.length);
  let trust: Float64Array | undefined;
  for (let outer = 0; outer <= outerLoops; outer++) {
    for (let inner = 0; inner < innerLoops; inner++) {
      const detrended = values.map((value, at) => value - trend[at]!);
      const cycles = smoothCycles(detrended, period, { ...seasons, trust });
      const low = smooth(meanOf(meanOf(meanOf(cycles, period), period), 3), lows);
      seasonal = values.map((_, at) => cycles[period + at]! - low[at]!);
      trend = smooth(
        values.map((value, at) => value - seasonal[at]!),
        { ...trends, trust },
      );
    }
    if (outer < outerLoops) trust = trustIn(values.map((value, at) => value - trend[at]! - seasonal[at]!));
  }
  return { trend, seasonal, remainder: values.map((value, at) => value - trend[at]! - seasonal[at]!) };
}

/** Each phase of the season smoothed by itself, and continued by one season at either end. */
function smoothCycles(values: Float64Array, period: number, options: LoessOptions): Float64Array {
  const cycles = new Float64Array(values.length + 2 * period);
  for (let phase = 0; phase < period; phase++) {
    const every = (array: Float64Array) => array.filter((_, at) => at % period === phase);
    const own = every(values);
    const trusting = { ...options, trust: options.trust && every(options.trust) };
    const smoothed = smooth(own, trusting);
    const count = own.length;
    const width = Math.min(options.window, count);
    const before = estimateAt(own, -1, { ...trusting, left: 0, right: width - 1 });
    const after = estimateAt(own, count, { ...trusting, left: count - width, right: count - 1 });
    cycles[phase] = before ?? smoothed[0]!;
    smoothed.forEach((value, cycle) => {
      cycles[(cycle + 1) * period + phase] = value;
    });
    cycles[(count + 1) * period + phase] = after ?? smoothed[count - 1]!;
  }
  return cycles;
}

/** The mean of every `width` neighbours: `width - 1` values fewer. */
function meanOf(values: Float64Array, width: number): Float64Array {
  const means = new Float64Array(values.length - width + 1);
  let sum = 0;
  for (let at = 0; at < values.length; at++) {
    sum += values[at]!;
    if (at >= width) sum -= values[at - width]!;
    if (at >= width - 1) means[at - width + 1] = sum / width;
  }
  return means;
}

/** The paper's robustness weights: bisquare of the remainder over six times its median size. */
function trustIn(remainder: Float64Array): Float64Array {
  const sizes = remainder.map(Math.abs);
  const sorted = sizes.slice().sort();
  const limit = 3 * (sorted[sorted.length >> 1]! + sorted[(sorted.length - 1) >> 1]!);
  return sizes.map((size) => {
    if (size <= 0.001 * limit) return 1;
    return size <= 0.999 * limit ? (1 - (size / limit) ** 2) ** 2 : 0;
  });
}

function nextOdd(value: number): number {
  const whole = Math.ceil(value);
  return whole % 2 === 1 ? whole : whole + 1;
}
