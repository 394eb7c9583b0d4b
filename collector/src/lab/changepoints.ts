// `lab changepoints`: where the law of a series changes. What the law may be is chosen by the series itself, column by column:
// whichever of a level and a trend, either with each value drawn towards the one before or not, tells it best as a whole. A season
// and single spikes are taken out before.
import type { Matrix } from '../detect/models/matrix.ts';
import { SegmentEvidence } from '../detect/models/segment-evidence.ts';
import { cutSeries, evidenceOf, type SegmentationPrior } from '../detect/models/segmentation.ts';

export interface ChangePoint {
  /** First value of what is new, from 0. */
  index: number;
  /** That a change is there or within `NEAR` values, given the whole series. */
  probability: number;
}

/** Beyond this many values neighbours are averaged first: the work grows with the square. */
const VALUES_MAX = 1_500;
const NEAR = 2;
const MEAN_LENGTH = 200;
/** A stretch of fewer values is a disturbance, not a new law: a 25th of the series, within these bounds. */
const LENGTH_MIN = 4;
const LENGTH_MIN_OF_LONG = 12;
/** Values on each side that a value is held against, and how many of their deviations off it is taken for a spike. */
const SPIKE_REACH = 4;
const SPIKE_DEVIATIONS = 4;
/** Least size of the noise, in standard deviations of the series: a series without any is still rounded. */
const NOISE_LEAST = 0.02;
/** Autocorrelation from which on a series has a season. */
const SEASON_LEAST = 0.3;

/** Finds the changes all columns share. Missing values were filled before. */
export function findChangePoints(series: Matrix): ChangePoint[] {
  if (series.rows < 2 * LENGTH_MIN) return [];
  const step = Math.ceil(series.rows / VALUES_MAX);
  const columns = Array.from({ length: series.columns }, (_, column) => standardColumn(series, column, step)).filter(
    (values) => values !== undefined,
  );
  if (columns.length === 0) return [];
  const length = columns[0]!.length;
  const lengthMin = Math.max(LENGTH_MIN, Math.min(LENGTH_MIN_OF_LONG, Math.round(length / 25)));
  const prior: SegmentationPrior = { meanLength: MEAN_LENGTH, lengthMin };
  const evidences = columns.map((values) => {
    const laws = lawsFor(withoutSeason(withoutSpikes(values))).map((law) => new SegmentEvidence(law));
    const told = laws.map((law) => evidenceOf(length, prior, (start, into) => law.addFrom(start, into)));
    return laws[told.indexOf(Math.max(...told))]!;
  });
  const { changes, probabilities } = cutSeries(length, prior, (start, into) => {
    for (const evidence of evidences) evidence.addFrom(start, into);
  });
  return changes.map((at) => {
    const near = probabilities.subarray(Math.max(0, at - NEAR), at + NEAR + 1);
    return {
      index: at * step,
      probability: Math.min(
        1,
        near.reduce((sum, each) => sum + each, 0),
      ),
    };
  });
}

/** A column at mean 0 and deviation 1, `step` values averaged to one; undefined where it never varies. */
function standardColumn({ rows, columns, values }: Matrix, column: number, step: number): Float64Array | undefined {
  const averaged = Float64Array.from({ length: Math.ceil(rows / step) }, (_, at) => {
    const end = Math.min(rows, (at + 1) * step);
    let sum = 0;
    for (let row = at * step; row < end; row++) sum += values[row * columns + column]!;
    return sum / (end - at * step);
  });
  const mean = averaged.reduce((sum, value) => sum + value, 0) / averaged.length;
  const variance = averaged.reduce((sum, value) => sum + (value - mean) ** 2, 0) / averaged.length;
  if (!(variance > 1e-18 * mean ** 2)) return undefined;
  const deviation = Math.sqrt(variance);
  return averaged.map((value) => (value - mean) / deviation);
}

function lawsFor(values: Float64Array) {
  const noise = Math.max(NOISE_LEAST, noiseOf(values)) ** 2;
  const length = values.length;
  const one = () => 1;
  const time = (at: number) => (2 * at) / (length - 1) - 1;
  const before = (at: number) => values[Math.max(0, at - 1)]!;
  const laws: ((at: number) => number)[][] = [[one], [one, before], [one, time], [one, time, before]];
  return laws.map((law) => {
    const regressors = new Float64Array(length * law.length);
    for (let at = 0; at < length; at++) {
      for (const [place, each] of law.entries()) regressors[at * law.length + place] = each(at);
    }
    return { values, regressors, width: law.length, noise };
  });
}

/** The size of the noise by the differences of neighbours, which changes of level hardly touch. */
function noiseOf(values: Float64Array): number {
  const differences = Float64Array.from({ length: values.length - 1 }, (_, at) =>
    Math.abs(values[at + 1]! - values[at]!),
  ).sort();
  const mean = differences.reduce((sum, each) => sum + each, 0) / differences.length;
  // Of |N(0, 2 s^2)| the median is 0.954 s and the mean 1.128 s. Where most values repeat, the median is 0 and tells nothing.
  return Math.max(differences[differences.length >> 1]! / 0.954, mean / 1.128 / 2);
}

/** Single values far from those around them become the median of these (Hampel's filter). */
function withoutSpikes(values: Float64Array): Float64Array {
  return values.map((value, at) => {
    const around = values.slice(Math.max(0, at - SPIKE_REACH), at + SPIKE_REACH + 1);
    const middle = median(around);
    const deviation = 1.4826 * median(around.map((each) => Math.abs(each - middle)));
    return deviation > 0 && Math.abs(value - middle) > SPIKE_DEVIATIONS * deviation ? middle : value;
  });
}

/** Without what repeats itself: the median of each phase, of what a moving mean over one period leaves (classical decomposition). */
function withoutSeason(values: Float64Array): Float64Array {
  const period = periodOf(values);
  if (!period) return values;
  const half = period >> 1;
  const phases = Array.from({ length: period }, (): number[] => []);
  for (let at = half; at + half < values.length; at++) {
    let sum = 0;
    for (let near = at - half; near < at - half + period; near++) sum += values[near]!;
    phases[at % period]!.push(values[at]! - sum / period);
  }
  const season = phases.map((each) => median(Float64Array.from(each)));
  return values.map((value, at) => value - season[at % period]!);
}

function median(values: Float64Array): number {
  const sorted = values.slice().sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** The lag of the highest autocorrelation beyond the first fall below it; undefined without a clear one. */
function periodOf(values: Float64Array): number | undefined {
  const correlation = (lag: number) => {
    let sum = 0;
    for (let at = lag; at < values.length; at++) sum += values[at]! * values[at - lag]!;
    return sum / values.length;
  };
  const lagMax = Math.min(Math.floor(values.length / 3), 400);
  let fallen = false;
  let best = { lag: 0, value: SEASON_LEAST };
  for (let lag = 2; lag < lagMax; lag++) {
    const value = correlation(lag);
    if (!fallen) fallen = value < 0.1;
    else if (value > best.value && value >= correlation(lag - 1) && value >= correlation(lag + 1))
      best = { lag, value };
  }
  return best.lag || undefined;
}
