// Bayesian online change-point detection: Adams and MacKay, arXiv:0710.3742 (2007). Values of one run are normal with unknown
// mean and variance, whose conjugate prior is normal-inverse-gamma, so that what is expected next is Student's t.
//
// Form: run lengths 0 to `#count` - 1 with their log weight and the sums their predictions need. Only the likeliest are kept.
import { logAdd, studentLogDensity, studentPeak } from './student-t.ts';

/** Run lengths kept; the least likely go first, so that memory and work are the same however long a stream is. */
const RUNS_MAX = 500;
/** What is less likely than this beside all others is forgotten. */
const LOG_WEIGHT_LEAST = -30;

export interface BocpdOptions {
  /** Mean length of a run, in values. */
  meanRunLength: number;
  /** What a run's mean is before it is seen, worth `priorCount` values; standard values have mean 0. */
  priorMean?: number;
  priorCount?: number;
  /** A run's variance before it is seen is about `priorScale / priorShape`. */
  priorShape?: number;
  priorScale?: number;
  runsMax?: number;
}

interface Run {
  /** Values since the last change. */
  length: number;
  logWeight: number;
  mean: number;
  count: number;
  shape: number;
  scale: number;
}

export class Bocpd {
  readonly #logHazard: number;
  readonly #logStay: number;
  readonly #prior: Omit<Run, 'length' | 'logWeight'>;
  readonly #runsMax: number;
  readonly #peaks = new Map<number, number>();
  #runs: Run[];

  constructor(options: BocpdOptions) {
    const hazard = 1 / options.meanRunLength;
    this.#logHazard = Math.log(hazard);
    this.#logStay = Math.log1p(-hazard);
    this.#runsMax = options.runsMax ?? RUNS_MAX;
    const { priorMean = 0, priorCount = 1, priorShape = 1, priorScale = 1 } = options;
    this.#prior = { mean: priorMean, count: priorCount, shape: priorShape, scale: priorScale };
    this.#runs = [{ length: 0, logWeight: 0, ...this.#prior }];
  }

  /** Takes the next value; afterwards the run lengths are those after it. */
  observe(value: number): void {
    let change = Number.NEGATIVE_INFINITY;
    const grown = this.#runs.map((run) => {
      const weight = run.logWeight + this.#logPredictive(run, value);
      change = logAdd(change, weight + this.#logHazard);
      return grow(run, value, weight + this.#logStay);
    });
    this.#runs = this.#keepLikely([{ length: 0, logWeight: change, ...this.#prior }, ...grown]);
  }

  /** The probability of each run length that is kept, the likeliest first; together 1. */
  runLengths(): { length: number; probability: number }[] {
    return this.#runs
      .map(({ length, logWeight }) => ({ length, probability: Math.exp(logWeight) }))
      .sort((a, b) => b.probability - a.probability);
  }

  /** The probability that the newest run is at most this long. */
  changedWithin(length: number): number {
    return this.#runs.reduce((sum, run) => (run.length <= length ? sum + Math.exp(run.logWeight) : sum), 0);
  }

  #logPredictive({ mean, count, shape, scale }: Run, value: number): number {
    let peak = this.#peaks.get(shape);
    if (peak === undefined) {
      peak = studentPeak(2 * shape);
      this.#peaks.set(shape, peak);
    }
    return studentLogDensity(value - mean, (scale * (count + 1)) / (shape * count), 2 * shape, peak);
  }

  #keepLikely(runs: Run[]): Run[] {
    const total = runs.reduce((sum, { logWeight }) => logAdd(sum, logWeight), Number.NEGATIVE_INFINITY);
    for (const run of runs) run.logWeight -= total;
    const likely = runs.filter(({ length, logWeight }) => length === 0 || logWeight > LOG_WEIGHT_LEAST);
    if (likely.length <= this.#runsMax) return likely;
    const ranked = [...likely].sort((a, b) => b.logWeight - a.logWeight);
    const least = ranked[this.#runsMax - 1]!.logWeight;
    return likely.filter(({ length, logWeight }) => length === 0 || logWeight >= least);
  }
}

function grow(run: Run, value: number, logWeight: number): Run {
  const distance = value - run.mean;
  return {
    length: run.length + 1,
    logWeight,
    mean: run.mean + distance / (run.count + 1),
    count: run.count + 1,
    shape: run.shape + 0.5,
    scale: run.scale + (run.count * distance * distance) / (2 * (run.count + 1)),
  };
}
