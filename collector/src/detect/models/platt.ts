// Calibrated probabilities: Platt, "Probabilistic Outputs for Support Vector Machines" (1999), on the log odds of what a classifier
// says, fitted as Lin, Lin and Weng have it ("A Note on Platt's Probabilistic Outputs", Machine Learning 68, 2007).

/**
 * Calibrated log odds are `slope` times those of the classifier, plus `offset`. Beyond the least and the most that the classifier
 * said when it was fitted, nothing is known: there it stays as it is at these.
 */
export interface PlattScale {
  slope: number;
  offset: number;
  least: number;
  most: number;
}

type Line = Pick<PlattScale, 'slope' | 'offset'>;

/** Nobody is surer than this before calibration: shares of trees are often 0 or 1, whose log odds are without end. */
const LEAST = 1e-3;
const ITERATIONS_MAX = 100;
/** What a slope costs, as a weak belief that there is none: it decides only where all probabilities are alike. */
const SLOPE_COST = 0.01;
const STEP_LEAST = 1e-10;

/** Fits on probabilities of rows that the classifier was not trained from. A classifier that is wrong more than right has slope 0. */
export function fitPlatt(probabilities: ArrayLike<number>, real: ArrayLike<boolean>): PlattScale {
  const odds = Array.from(probabilities, logOdds);
  const positives = Array.from(real).filter(Boolean).length;
  const negatives = odds.length - positives;
  // Not 1 and 0 but what so many rows let one believe (Platt, section 2.2): few rows never make certainty.
  const [high, low] = [(positives + 1) / (positives + 2), 1 / (negatives + 2)];
  const wanted = Array.from(real, (each) => (each ? high : low));
  const range = { least: Math.min(...odds), most: Math.max(...odds) };
  const fitted = fitBoth(odds, wanted, { slope: 1, offset: 0 });
  if (fitted.slope > 0) return { ...fitted, ...range };
  const mean = wanted.reduce((sum, each) => sum + each, 0) / Math.max(1, wanted.length);
  return { slope: 0, offset: Math.log(mean / (1 - mean)), ...range };
}

export function calibrate({ slope, offset, least, most }: PlattScale, probability: number): number {
  return logistic(slope * Math.min(most, Math.max(least, logOdds(probability))) + offset);
}

/** Of a probability, as far as anybody may be sure. */
export function logOdds(probability: number): number {
  const bounded = Math.min(1 - LEAST, Math.max(LEAST, probability));
  return Math.log(bounded / (1 - bounded));
}

/** Newton's method with backtracking. */
function fitBoth(odds: readonly number[], wanted: readonly number[], start: Line): Line {
  let scale = start;
  let loss = lossOf(odds, wanted, scale);
  for (let iteration = 0; iteration < ITERATIONS_MAX; iteration++) {
    const sums = { slope: SLOPE_COST * scale.slope, offset: 0, slopes: SLOPE_COST, both: 0, offsets: 0 };
    for (let at = 0; at < odds.length; at++) {
      const said = logistic(scale.slope * odds[at]! + scale.offset);
      const error = said - wanted[at]!;
      const weight = said * (1 - said);
      sums.slope += error * odds[at]!;
      sums.offset += error;
      sums.slopes += weight * odds[at]! * odds[at]!;
      sums.both += weight * odds[at]!;
      sums.offsets += weight;
    }
    const determinant = sums.slopes * sums.offsets - sums.both * sums.both;
    const toSlope = (sums.offsets * sums.slope - sums.both * sums.offset) / determinant;
    const toOffset = (sums.slopes * sums.offset - sums.both * sums.slope) / determinant;
    let step = 1;
    for (; step > STEP_LEAST; step /= 2) {
      const next = { slope: scale.slope - step * toSlope, offset: scale.offset - step * toOffset };
      const nextLoss = lossOf(odds, wanted, next);
      if (nextLoss < loss) {
        [scale, loss] = [next, nextLoss];
        break;
      }
    }
    if (step <= STEP_LEAST) break;
  }
  return scale;
}

function lossOf(odds: readonly number[], wanted: readonly number[], { slope, offset }: Line): number {
  let loss = (SLOPE_COST * slope * slope) / 2;
  for (let at = 0; at < odds.length; at++) {
    const said = slope * odds[at]! + offset;
    // log(1 + e^x) without overflow.
    loss += Math.max(said, 0) + Math.log1p(Math.exp(-Math.abs(said))) - wanted[at]! * said;
  }
  return loss;
}

function logistic(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
