// Forecasts with intervals: exponential smoothing in the form, and on the scale (as it is, or logarithms), that AICc prefers
// (Hyndman et al., 2008, section 7.2); how far it may be off by the errors it made.
import { extend, fitSmoothing, type Smoothing, type SmoothingForm } from './exponential-smoothing.ts';

export interface ForecastOptions {
  /** Values to come. */
  horizon: number;
  /** Values in one season, where there may be one. */
  period?: number;
  /** What share of the values should lie within their interval. */
  confidence?: number;
}

export interface Forecast {
  expected: Float64Array;
  lower: Float64Array;
  upper: Float64Array;
  form: SmoothingForm & { scale: 'values' | 'logarithms' };
}

const CONFIDENCE = 0.95;
/** Values a forecast is made from at most, the newest: older ones hardly weigh. */
const VALUES_MAX = 5_000;
/** Values from which on a trend, and then a damped one, is looked for. */
const TREND_FROM = 6;
const DAMPED_FROM = 10;
/** Errors that their own distribution has to consist of to count as much as the normal one. */
const ERRORS_HALF = 50;

/** Forecasts a series. At least one value, none missing; whatever never was negative is not expected to be. */
export function forecast(series: Float64Array, options: ForecastOptions): Forecast {
  const { horizon, confidence = CONFIDENCE } = options;
  const values = series.subarray(Math.max(0, series.length - VALUES_MAX));
  const lowest = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  if (values.length < 3 || values.every((value) => value === values[0])) return still(values.at(-1)!, horizon);
  const fits = formsFor(values, options.period ?? 1).map((form) => scored(values, form, 'values'));
  if (lowest > 0) {
    const logs = values.map(Math.log);
    fits.push(...formsFor(values, options.period ?? 1).map((form) => scored(logs, form, 'logarithms')));
  }
  const best = fits.reduce((a, b) => (b.score < a.score ? b : a));
  const { expected, spread } = distribution(best.smoothing, horizon, confidence);
  const back = best.scale === 'logarithms' ? Math.exp : (value: number) => value;
  const atLeast = lowest >= 0 ? 0 : Number.NEGATIVE_INFINITY;
  const place = (offset?: Float64Array) =>
    expected.map((value, step) => Math.max(atLeast, back(value + (offset ? offset[step]! : 0))));
  return {
    expected: place(),
    lower: place(spread.lower),
    upper: place(spread.upper),
    form: { ...best.smoothing.form, scale: best.scale },
  };
}

/**
 * The first step, from 1, at which a limit is expected to be reached from below, and the first at which it may be (by the upper end
 * of the interval); undefined where it is not within the horizon.
 */
export function whenReached({ expected, upper }: Forecast, limit: number) {
  const first = (values: Float64Array) => {
    const step = values.findIndex((value) => value >= limit);
    return step < 0 ? undefined : step + 1;
  };
  return { expectedAt: first(expected), earliestAt: first(upper) };
}

function still(value: number, horizon: number): Forecast {
  const all = () => new Float64Array(horizon).fill(value);
  return { expected: all(), lower: all(), upper: all(), form: { trend: 'none', period: 1, scale: 'values' } };
}

function formsFor(values: Float64Array, period: number): SmoothingForm[] {
  const trends: SmoothingForm['trend'][] = ['none'];
  if (values.length >= TREND_FROM) trends.push('line');
  if (values.length >= DAMPED_FROM) trends.push('damped');
  const periods = period > 1 && values.length >= 2 * period ? [1, period] : [1];
  return trends.flatMap((trend) => periods.map((each) => ({ trend, period: each })));
}

/** AICc; on logarithms with the Jacobian, so that both scales are measured by the same values. */
function scored(values: Float64Array, form: SmoothingForm, scale: 'values' | 'logarithms') {
  const smoothing = fitSmoothing(values, form);
  const { deviance, parameters } = smoothing;
  const spare = values.length - parameters - 1;
  const jacobian = scale === 'logarithms' ? 2 * values.reduce((sum, value) => sum + value, 0) : 0;
  const penalty = spare > 0 ? (2 * parameters * values.length) / spare : 2 * parameters * values.length;
  return { smoothing, scale, score: deviance + jacobian + penalty };
}

/**
 * The spread of each value to come is that of a weighted sum of errors. Of one error it is their own distribution; the more of
 * them there are, the more normal it is.
 */
function distribution(smoothing: Smoothing, horizon: number, confidence: number) {
  const { expected, weights, doubts } = extend(smoothing, horizon);
  const { errors, parameters } = smoothing;
  const count = errors.length;
  const freedom = Math.max(1, count - Math.min(parameters, count / 2));
  const deviation = Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / freedom);
  const sorted = errors.slice().sort();
  const trust = count / (count + ERRORS_HALF);
  const tails = ([(1 - confidence) / 2, (1 + confidence) / 2] as const).map((share) => {
    const z = normalQuantile(share);
    // Student's t, as the size of the errors is estimated too (Cornish and Fisher's first term).
    const normal = z * (1 + (z * z + 1) / (4 * freedom));
    const own = deviation > 0 ? quantile(sorted, share) / Math.sqrt(squareMean(errors)) : 0;
    return { normal, own: trust * own + (1 - trust) * normal };
  });
  const spread = { lower: new Float64Array(horizon), upper: new Float64Array(horizon) };
  let squares = 0;
  let fourths = 0;
  for (let step = 0; step < horizon; step++) {
    squares += weights[step]! ** 2;
    fourths += weights[step]! ** 4;
    // 1 where one error is all there is, towards 0 with the number of those that matter (as skewness goes).
    const alone = Math.sqrt(fourths) / squares;
    const [lower, upper] = tails.map(({ normal, own }) => normal + alone * (own - normal)) as [number, number];
    spread.lower[step] = lower * deviation * Math.sqrt(squares + doubts[step]!);
    spread.upper[step] = upper * deviation * Math.sqrt(squares + doubts[step]!);
  }
  return { expected, spread };
}

function squareMean(errors: Float64Array): number {
  return errors.reduce((sum, error) => sum + error * error, 0) / errors.length;
}

function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length + 1) - 1;
  const low = Math.max(0, Math.min(sorted.length - 1, Math.floor(at)));
  const high = Math.min(sorted.length - 1, low + 1);
  return sorted[low]! + (sorted[high]! - sorted[low]!) * Math.max(0, Math.min(1, at - low));
}

/** Of the standard normal distribution, by bisection over its density's integral (Abramowitz and Stegun 26.2.17: to 1e-7). */
function normalQuantile(share: number): number {
  let [low, high] = [-10, 10];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (normalShare(middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function normalShare(value: number): number {
  if (value < 0) return 1 - normalShare(-value);
  const t = 1 / (1 + 0.2316419 * value);
  const tail = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return 1 - (Math.exp((-value * value) / 2) / Math.sqrt(2 * Math.PI)) * tail;
}
