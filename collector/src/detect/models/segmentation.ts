// Where a whole series changes: the model of Adams and MacKay seen from the end. Every way to cut the series is weighed exactly
// (Fearnhead, "Exact and efficient Bayesian inference for multiple changepoint problems", 2006): the likeliest is found as by
// Viterbi, and how likely each cut is as by forward and backward sums.
import { logAdd } from './student-t.ts';

export interface SegmentationPrior {
  /** Values a stretch has before it ends, on average. */
  meanLength: number;
  /** No stretch is shorter, unless the whole series is. */
  lengthMin: number;
}

/** Adds to `into[i]` the log evidence of the stretch from `start` to `start + i`, that one included. */
export type AddEvidence = (start: number, into: Float64Array) => void;

export interface Segmentation {
  /** First value of each stretch but the first, ascending. */
  changes: number[];
  /** Of each place: that a new stretch begins there, given the whole series. */
  probabilities: Float64Array;
  /** log of the evidence of the series, all ways to cut it summed. */
  logEvidence: number;
}

/** Cuts a series of `length` values. Work grows with the square of `length`. */
export function cutSeries(length: number, prior: SegmentationPrior, addEvidence: AddEvidence): Segmentation {
  const lengthMin = Math.max(1, Math.min(prior.lengthMin, length));
  const logChange = Math.log(1 / prior.meanLength);
  const logStay = Math.log1p(-1 / prior.meanLength);
  // Of what begins at s and reaches to the end: all ways summed, the likeliest, and where that one is cut next.
  const sums = new Float64Array(length + 1).fill(Number.NEGATIVE_INFINITY);
  const bests = new Float64Array(length + 1).fill(Number.NEGATIVE_INFINITY);
  const nexts = new Int32Array(length + 1);
  sums[length] = 0;
  bests[length] = 0;
  const evidence = new Float64Array(length);
  const weigh = (start: number, visit: (end: number, weight: number) => void) => {
    const stretch = evidence.subarray(0, length - start).fill(0);
    addEvidence(start, stretch);
    for (let end = start + lengthMin; end <= length; end++) {
      const cut = end < length ? logChange : 0;
      visit(end, stretch[end - start - 1]! + (end - start - 1) * logStay + cut);
    }
  };
  for (let start = length - lengthMin; start >= 0; start--) {
    let sum = Number.NEGATIVE_INFINITY;
    weigh(start, (end, weight) => {
      sum = logAdd(sum, weight + sums[end]!);
      const whole = weight + bests[end]!;
      if (whole > bests[start]!) {
        bests[start] = whole;
        nexts[start] = end;
      }
    });
    sums[start] = sum;
  }
  const logEvidence = sums[0]!;
  const before = new Float64Array(length + 1).fill(Number.NEGATIVE_INFINITY);
  before[0] = 0;
  for (let start = 0; start <= length - lengthMin; start++) {
    if (before[start] === Number.NEGATIVE_INFINITY) continue;
    weigh(start, (end, weight) => {
      before[end] = logAdd(before[end]!, before[start]! + weight);
    });
  }
  const probabilities = new Float64Array(length);
  for (let at = 1; at < length; at++) probabilities[at] = Math.exp(before[at]! + sums[at]! - logEvidence);
  const changes: number[] = [];
  for (let at = nexts[0]!; at > 0 && at < length; at = nexts[at]!) changes.push(at);
  return { changes, probabilities, logEvidence };
}

/** As `cutSeries`, the evidence alone: half the work. */
export function evidenceOf(length: number, prior: SegmentationPrior, addEvidence: AddEvidence): number {
  return cutSeries(length, prior, addEvidence).logEvidence;
}
