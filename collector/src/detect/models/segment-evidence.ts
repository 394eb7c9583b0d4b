// How well one stretch of a series is told by one law: Bayesian linear regression with unknown coefficients and variance
// (normal-inverse-gamma prior; Bishop, "Pattern Recognition and Machine Learning", 2006, 3.3 and 3.5), value by value, so that
// the evidence of every stretch that begins at one place costs no more than that of the longest.
import { studentLogDensity, studentPeak } from './student-t.ts';

/** A series with what its values are to be told by: row t of `regressors` for value t. */
export interface Regression {
  values: Float64Array;
  /** Regressors of each value, the same number for all, value after value. */
  regressors: Float64Array;
  width: number;
  /** Squared size of the noise that is expected before a stretch is seen, in the units of the values. */
  noise: number;
}

const PRIOR_SHAPE = 1;
/** Of a coefficient before a stretch is seen, in units of the values: of the size of the whole series. */
const COEFFICIENT_VARIANCE = 1;

export class SegmentEvidence {
  readonly #regression: Regression;
  readonly #peaks: Float64Array;
  readonly #mean: Float64Array;
  readonly #covariance: Float64Array;
  readonly #gain: Float64Array;

  constructor(regression: Regression) {
    this.#regression = regression;
    const { width, values } = regression;
    this.#peaks = Float64Array.from(values, (_, seen) => studentPeak(2 * PRIOR_SHAPE + seen));
    this.#mean = new Float64Array(width);
    this.#covariance = new Float64Array(width * width);
    this.#gain = new Float64Array(width);
  }

  /** Adds to `into[i]` the log evidence of the values from `start` to `start + i`, that one included. */
  addFrom(start: number, into: Float64Array): void {
    const { values, regressors, width, noise } = this.#regression;
    const mean = this.#mean.fill(0);
    const covariance = this.#covariance.fill(0);
    const gain = this.#gain;
    for (let each = 0; each < width; each++) covariance[each * width + each] = COEFFICIENT_VARIANCE / noise;
    let scale = PRIOR_SHAPE * noise;
    let evidence = 0;
    for (let seen = 0; seen < into.length; seen++) {
      const at = (start + seen) * width;
      let expected = 0;
      let spread = 1;
      for (let row = 0; row < width; row++) {
        let sum = 0;
        for (let column = 0; column < width; column++)
          sum += covariance[row * width + column]! * regressors[at + column]!;
        gain[row] = sum;
        expected += mean[row]! * regressors[at + row]!;
        spread += sum * regressors[at + row]!;
      }
      const error = values[start + seen]! - expected;
      const shape = PRIOR_SHAPE + seen / 2;
      evidence += studentLogDensity(error, (scale * spread) / shape, 2 * shape, this.#peaks[seen]!);
      into[seen]! += evidence;
      scale += (error * error) / (2 * spread);
      for (let row = 0; row < width; row++) {
        const share = gain[row]! / spread;
        mean[row]! += share * error;
        for (let column = 0; column < width; column++) covariance[row * width + column]! -= share * gain[column]!;
      }
    }
  }
}
