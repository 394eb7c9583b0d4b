// Loess over equally spaced values, as the seasonal decomposition needs it: Cleveland, Cleveland, McRae and Terpenning, "STL: A
// Seasonal-Trend Decomposition Procedure Based on Loess", Journal of Official Statistics 6 (1990), section 2.

export interface LoessOptions {
  /** Neighbours a value is estimated from; odd. */
  window: number;
  /** 0 fits a constant, 1 a line. */
  degree: 0 | 1;
  /** Values are estimated at every `jump`-th place and joined by lines in between. */
  jump: number;
  /** How far each value is to be trusted, 0 to 1; all of them alike where absent. */
  trust?: Float64Array | undefined;
}

/** A smoothed copy of the values. */
export function smooth(values: Float64Array, options: LoessOptions): Float64Array {
  const count = values.length;
  if (count < 2) return values.slice();
  const { window } = options;
  const jump = Math.min(options.jump, count - 1);
  const half = (window + 1) >> 1;
  const smoothed = new Float64Array(count);
  const estimate = (place: number) => {
    const left = window >= count ? 0 : Math.max(0, Math.min(count - window, place + 1 - half));
    const right = window >= count ? count - 1 : left + window - 1;
    smoothed[place] = estimateAt(values, place, { left, right, ...options }) ?? values[place]!;
  };
  let before = 0;
  estimate(0);
  while (before < count - 1) {
    const next = Math.min(before + jump, count - 1);
    estimate(next);
    const slope = (smoothed[next]! - smoothed[before]!) / (next - before);
    for (let place = before + 1; place < next; place++) smoothed[place] = smoothed[before]! + slope * (place - before);
    before = next;
  }
  return smoothed;
}

/**
 * The estimate at a place, which may lie beside the values, from those between `left` and `right`; undefined where none of
 * them is trusted.
 */
export function estimateAt(
  values: Float64Array,
  place: number,
  { left, right, window, degree, trust }: LoessOptions & { left: number; right: number },
): number | undefined {
  const count = values.length;
  let reach = Math.max(place - left, right - place);
  if (window > count) reach += (window - count) >> 1;
  const weights = new Float64Array(right - left + 1);
  let total = 0;
  for (let at = left; at <= right; at++) {
    const distance = Math.abs(at - place);
    if (distance > 0.999 * reach) continue;
    const near = distance <= 0.001 * reach ? 1 : (1 - (distance / reach) ** 3) ** 3;
    weights[at - left] = near * (trust ? trust[at]! : 1);
    total += weights[at - left]!;
  }
  if (total <= 0) return undefined;
  let sum = 0;
  if (reach > 0 && degree > 0) {
    let centre = 0;
    for (let at = left; at <= right; at++) centre += (weights[at - left]! / total) * at;
    let spread = 0;
    for (let at = left; at <= right; at++) spread += (weights[at - left]! / total) * (at - centre) ** 2;
    // Where the values are as good as at one place, no line through them can be told.
    const slope = Math.sqrt(spread) > 0.001 * (count - 1) ? (place - centre) / spread : 0;
    for (let at = left; at <= right; at++) sum += weights[at - left]! * (1 + slope * (at - centre)) * values[at]!;
  } else {
    for (let at = left; at <= right; at++) sum += weights[at - left]! * values[at]!;
  }
  return sum / total;
}
