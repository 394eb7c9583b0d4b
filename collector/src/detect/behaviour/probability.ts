// Small probabilities, all as -log10: 3 is one in a thousand. Sums of these are products of probabilities.

/** Beyond it a probability says nothing more: nobody knows the twentieth digit of what is usual. */
const SURPRISE_MAX = 20;
/** Of one model, where several are combined. */
const PROBABILITY_MAX = 0.9999;

/** -log10 of the probability that Student's t with so many degrees of freedom is at least this large. */
export function studentTail(t: number, degrees: number): number {
  // To a normal deviate (Wallace, "Bounds on normal approximations to Student's and the chi-square distributions", 1959).
  const z = ((8 * degrees + 1) / (8 * degrees + 3)) * Math.sqrt(degrees * Math.log1p((t * t) / degrees));
  return normalTail(t < 0 ? -z : z);
}

/** -log10 of the probability that a standard normal is at least this large. */
export function normalTail(z: number): number {
  if (z < -8) return 0;
  if (z < 5) return -Math.log10(0.5 * complementaryError(z / Math.SQRT2));
  // Mills' ratio, to one part in a thousand from here on; its square alone would underflow.
  const logTail = (-z * z) / 2 - Math.log(z * Math.sqrt(2 * Math.PI)) + Math.log1p(-1 / (z * z));
  return Math.min(SURPRISE_MAX, -logTail / Math.LN10);
}

/** Deviates that are looked for, in how many steps; the first TABLED of them are looked up. */
const DEVIATE_LEAST = -1;
const DEVIATE_MOST = 10;
const STEPS = 20;
const TABLED = 2 ** 12;
const TAILS = Float64Array.from({ length: TABLED }, (_, at) =>
  normalTail(DEVIATE_LEAST + ((DEVIATE_MOST - DEVIATE_LEAST) * at) / TABLED),
);

/** The standard normal deviate that so small a probability (-log10) lies beyond; -1 for what is no surprise at all. */
export function deviateOf(surprise: number): number {
  if (surprise < 0.075) return DEVIATE_LEAST;
  // Bisection over normalTail: twenty steps are exact to 1e-5. The first twelve are the same for everybody.
  let below = 0;
  let step = 0;
  for (let width = TABLED / 2; width >= 1; width /= 2, step++) {
    if (TAILS[below + width]! < surprise) below += width;
  }
  let low = DEVIATE_LEAST + ((DEVIATE_MOST - DEVIATE_LEAST) * below) / TABLED;
  let high = low + (DEVIATE_MOST - DEVIATE_LEAST) / TABLED;
  for (; step < STEPS; step++) {
    const middle = (low + high) / 2;
    if (normalTail(middle) < surprise) low = middle;
    else high = middle;
  }
  return low;
}

/** Abramowitz and Stegun 7.1.26, absolute error below 1.5e-7; good for tails up to 1e-6. */
function complementaryError(x: number): number {
  const absolute = Math.abs(x);
  const t = 1 / (1 + 0.3275911 * absolute);
  const polynomial = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = polynomial * Math.exp(-absolute * absolute);
  return x >= 0 ? tail : 2 - tail;
}

/**
 * Surprises of groups that are nearly independent as one: the smaller of two combined probabilities, twice. Fisher's
 * ("Statistical Methods for Research Workers", 1925, section 21.1) finds much that is a little unusual; the smallest of all
 * (Tippett, "The Methods of Statistics", 1931) finds the one thing that is very unusual, which Fisher's drowns.
 */
export function combineIndependent(surprises: ArrayLike<number>): number {
  const count = surprises.length;
  let sum = 0;
  let most = 0;
  for (let at = 0; at < count; at++) {
    sum += surprises[at]!;
    most = Math.max(most, surprises[at]!);
  }
  // Chi-square with 2k degrees of freedom has a closed tail: exp(-x) times the first k terms of exp(x), x half the statistic.
  const x = sum * Math.LN10;
  let term = 1;
  let terms = 1;
  for (let at = 1; at < count; at++) {
    term *= x / at;
    terms += term;
  }
  const fisher = sum - Math.log10(terms);
  return Math.min(SURPRISE_MAX, Math.max(0, Math.max(fisher, most - Math.log10(count)) - Math.log10(2)));
}

/**
 * Surprises of models that look at the same, as one: the Cauchy combination (Liu and Xie, Journal of the American Statistical
 * Association 115, 2020), which needs no independence and is led by the smallest probability. Truncated near 1 (Fang, Chang and Tseng, 2023): a
 * model that finds nothing at all, as the baselines of a quiet hour, must not outweigh one that finds much.
 */
export function combineDependent(surprises: readonly number[]): number {
  if (surprises.length === 0) return 0;
  let sum = 0;
  for (const surprise of surprises) {
    const probability = Math.min(PROBABILITY_MAX, 10 ** -Math.min(surprise, 15));
    // tan((0.5 - p) pi) is 1 / tan(p pi), which is exact for small p.
    sum += 1 / Math.tan(probability * Math.PI);
  }
  const statistic = sum / surprises.length;
  const combined = statistic > 1e6 ? 1 / (statistic * Math.PI) : 0.5 - Math.atan(statistic) / Math.PI;
  return Math.max(0, -Math.log10(combined));
}
