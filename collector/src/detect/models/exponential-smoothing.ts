// Exponential smoothing as a model with states (Hyndman, Koehler, Ord and Snyder, "Forecasting with Exponential Smoothing", 2008,
// chapters 2 and 5): level, a trend that may be damped, a season, each moved by a share of the newest error.
import { minimise } from './nelder-mead.ts';

export interface SmoothingForm {
  trend: 'none' | 'line' | 'damped';
  /** Values in one season; 1 for none. */
  period: number;
}

export interface Smoothing {
  form: SmoothingForm;
  /** The book's alpha, beta, phi and gamma. */
  level: number;
  slope: number;
  damping: number;
  season: number;
  /** What was not foreseen of each value. */
  errors: Float64Array;
  /** States after the last value; of the season those of the next `period` values. */
  last: States;
  /**
   * How far the last level and slope are off by what the first are: of each a column, times the root of the covariance of the
   * first states by one squared unit of error (its Cholesky factor).
   */
  doubt: readonly { level: number; slope: number }[];
  /** What was estimated from the values: shares, states and the size of the errors. */
  parameters: number;
  /** -2 log likelihood, up to what is the same for every form of the same values. */
  deviance: number;
}

interface States {
  level: number;
  slope: number;
  season: Float64Array;
}

type Shares = Pick<Smoothing, 'level' | 'slope' | 'damping' | 'season'>;

/** Damping of the trend between these, as is usual: below, there is hardly a trend; above, no damping. */
const DAMPING_LEAST = 0.8;
const DAMPING_MOST = 0.98;
/** Seasons the first state of the season is the mean of. */
const FIRST_SEASONS = 4;

/** Fits a form to values by maximum likelihood of normal errors. At least two seasons of values where there is a season. */
export function fitSmoothing(values: Float64Array, form: SmoothingForm): Smoothing {
  const { trend, period } = form;
  const season = firstSeason(values, period);
  const sharesAt = (at: Float64Array): Shares => {
    const level = between(1e-4, 0.9999, at[0]!);
    let next = 1;
    const slope = trend === 'none' ? 0 : level * between(1e-4, 0.9999, at[next++]!);
    const damping = trend === 'damped' ? between(DAMPING_LEAST, DAMPING_MOST, at[next++]!) : 1;
    return { level, slope, damping, season: period > 1 ? (1 - level) * between(1e-4, 0.9999, at[next]!) : 0 };
  };
  const dimensions = 1 + (trend === 'none' ? 0 : 1) + (trend === 'damped' ? 1 : 0) + (period > 1 ? 1 : 0);
  const fitted = (shares: Shares) => fitStates(values, form, shares, season);
  const start = new Float64Array(dimensions).fill(-1);
  const found = minimise((at) => Math.log(squaresOf(fitted(sharesAt(at)).errors) + Number.MIN_VALUE), start, 1.5);
  const shares = sharesAt(found.at);
  const states = fitted(shares);
  const parameters = dimensions + 1 + (trend === 'none' ? 0 : 1) + (period > 1 ? period - 1 : 0) + 1;
  const deviance = values.length * Math.log(squaresOf(states.errors) / values.length + Number.MIN_VALUE);
  return { form, ...shares, ...states, parameters, deviance };
}

/**
 * What is expected of the next values; of each how far it is off by one unit of error of each value before it (`weights[j]`, j values later:
 * the book's c_j, with 1 at 0); and the variance, in squared errors, by the states it began with not being known.
 */
export function extend({ form, level, slope, damping, season, last, doubt }: Smoothing, horizon: number) {
  const expected = new Float64Array(horizon);
  const weights = new Float64Array(horizon);
  const doubts = new Float64Array(horizon);
  let damped = 0;
  for (let step = 0; step < horizon; step++) {
    weights[step] = step === 0 ? 1 : level + slope * damped + (step % form.period === 0 ? season : 0);
    damped += damping ** (step + 1);
    const along = (states: { level: number; slope: number }) =>
      states.level + (form.trend === 'none' ? 0 : damped * states.slope);
    expected[step] = along(last) + last.season[step % form.period]!;
    for (const each of doubt) doubts[step]! += along(each) ** 2;
  }
  return { expected, weights, doubts };
}

/** The first level and slope are those with the least errors, which are linear in both. */
function fitStates(values: Float64Array, form: SmoothingForm, shares: Shares, season: Float64Array) {
  const nothing = new Float64Array(values.length);
  const still = new Float64Array(form.period);
  const rest = filter(values, shares, { level: 0, slope: 0, season });
  const byLevel = filter(nothing, shares, { level: 1, slope: 0, season: still });
  const bySlope = filter(nothing, shares, { level: 0, slope: 1, season: still });
  let [aa, ab, bb, ay, by] = [0, 0, 0, 0, 0];
  for (let at = 0; at < values.length; at++) {
    const a = -byLevel.errors[at]!;
    const b = form.trend === 'none' ? 0 : -bySlope.errors[at]!;
    const y = rest.errors[at]!;
    aa += a * a;
    ab += a * b;
    bb += b * b;
    ay += a * y;
    by += b * y;
  }
  const determinant = aa * bb - ab * ab;
  const both = determinant > 1e-12 * aa * bb;
  const level = both ? (ay * bb - by * ab) / determinant : ay / aa;
  const slope = both ? (by * aa - ay * ab) / determinant : 0;
  const after = (first: number, second: number) => ({
    level: first * byLevel.last.level + second * bySlope.last.level,
    slope: first * byLevel.last.slope + second * bySlope.last.slope,
  });
  // The inverse of [[aa, ab], [ab, bb]] is the sum of the squares of these.
  const doubt = both
    ? [after(1 / Math.sqrt(aa), 0), after(-ab / aa / Math.sqrt(determinant / aa), 1 / Math.sqrt(determinant / aa))]
    : [after(1 / Math.sqrt(aa), 0)];
  return { ...filter(values, shares, { level, slope, season }), doubt };
}

function filter(values: Float64Array, shares: Shares, first: { level: number; slope: number; season: Float64Array }) {
  const errors = new Float64Array(values.length);
  const season = first.season.slice();
  const period = season.length;
  let { level, slope } = first;
  for (let at = 0; at < values.length; at++) {
    const phase = at % period;
    const moved = level + shares.damping * slope;
    const error = values[at]! - moved - season[phase]!;
    errors[at] = error;
    level = moved + shares.level * error;
    slope = shares.damping * slope + shares.slope * error;
    season[phase]! += shares.season * error;
  }
  const from = values.length % period;
  const next = Float64Array.from(season, (_, step) => season[(from + step) % period]!);
  return { errors, last: { level, slope, season: next } };
}

/** The mean of each phase over the first seasons, each season less its own line. */
function firstSeason(values: Float64Array, period: number): Float64Array {
  const season = new Float64Array(period);
  if (period === 1) return season;
  const seasons = Math.min(FIRST_SEASONS, Math.floor(values.length / period));
  const means = Array.from({ length: seasons }, (_, which) => {
    let sum = 0;
    for (let at = which * period; at < (which + 1) * period; at++) sum += values[at]! / period;
    return sum;
  });
  const slope = seasons > 1 ? (means[seasons - 1]! - means[0]!) / ((seasons - 1) * period) : 0;
  for (let at = 0; at < seasons * period; at++) {
    const phase = at % period;
    const line = means[Math.floor(at / period)]! + slope * (phase - (period - 1) / 2);
    season[phase]! += (values[at]! - line) / seasons;
  }
  return season;
}

function squaresOf(errors: Float64Array): number {
  let sum = 0;
  for (const error of errors) sum += error * error;
  return sum;
}

function between(low: number, high: number, at: number): number {
  return low + (high - low) / (1 + Math.exp(-at));
}
