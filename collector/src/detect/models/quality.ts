// How good probabilities are that were said of rows whose truth is known.

export interface Said {
  probability: number;
  real: boolean;
}

/** Brier, "Verification of forecasts expressed in terms of probability" (1950): the mean square of what is missing to the truth. */
export function brierScore(said: readonly Said[]): number {
  return mean(said.map(({ probability, real }) => (probability - (real ? 1 : 0)) ** 2));
}

/** Mean of -log of the probability that was given to what was true. */
export function logLoss(said: readonly Said[]): number {
  return mean(said.map(({ probability, real }) => -Math.log(Math.max(1e-15, real ? probability : 1 - probability))));
}

/** How often a real one has a higher probability than one that is not; equal ones count half. NaN where either is missing. */
export function rocAuc(said: readonly Said[]): number {
  const sorted = [...said].sort((a, b) => a.probability - b.probability);
  let [below, wins, reals] = [0, 0, 0];
  for (let start = 0; start < sorted.length; ) {
    let end = start;
    while (end < sorted.length && sorted[end]!.probability === sorted[start]!.probability) end++;
    const tied = sorted.slice(start, end);
    const real = tied.filter((each) => each.real).length;
    wins += real * (below + (tied.length - real) / 2);
    below += tied.length - real;
    reals += real;
    start = end;
  }
  return wins / (reals * below);
}

const BINS = 10;

/**
 * Expected calibration error (Naeini, Cooper and Hauskrecht, 2015): by how much, on average, the share of real ones among rows of
 * about one probability is off from it. Tenths of probability.
 */
export function calibrationError(said: readonly Said[]): number {
  const bins = Array.from({ length: BINS }, () => ({ rows: 0, real: 0, probability: 0 }));
  for (const { probability, real } of said) {
    const bin = bins[Math.min(BINS - 1, Math.floor(probability * BINS))]!;
    bin.rows++;
    bin.real += real ? 1 : 0;
    bin.probability += probability;
  }
  return bins.reduce((sum, bin) => sum + Math.abs(bin.real - bin.probability), 0) / Math.max(1, said.length);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
