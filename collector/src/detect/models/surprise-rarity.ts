// What the surprises of a sequence amount to: their mean over the whole of it, and over its most surprising stretch of several
// lengths, since an intrusion may be all of a sequence or a short part. Each is held against the same of sequences that are
// known to be ordinary and were not learned from, as some kinds of sequences are surprising by nature, and long ones have more
// stretches to be surprising in.

/** Tokens of the stretches. */
const STRETCHES = [10, 20, 50] as const;
/** From here on the tail of what is usual is taken to go on exponentially, as steep as it is. */
const TAIL_FROM = 0.9;

/** Of ordinary sequences: each statistic, ascending. */
export type UsualSurprises = readonly Float64Array[];

export function learnUsual(sequences: readonly Float64Array[]): UsualSurprises {
  const each = sequences.map(statisticsOf);
  return [0, ...STRETCHES].map((_, which) => Float64Array.from(each, (statistics) => statistics[which]!).sort());
}

/**
 * How rare surprises like these (in bits) are: -log10 of the share of ordinary sequences with as much, of the rarest statistic
 * and of all on average, between them.
 */
export function rarityOf(bits: Float64Array, usual: UsualSurprises): number {
  const statistics = statisticsOf(bits);
  const rarities = usual.map((sorted, which) => rarity(statistics[which]!, sorted));
  return (Math.max(...rarities) + rarities.reduce((sum, each) => sum + each, 0) / rarities.length) / 2;
}

function statisticsOf(bits: Float64Array): number[] {
  const mean = bits.reduce((sum, each) => sum + each, 0) / Math.max(1, bits.length);
  return [mean, ...STRETCHES.map((length) => highestMean(bits, length))];
}

function highestMean(bits: Float64Array, length: number): number {
  const width = Math.max(1, Math.min(length, bits.length));
  let sum = 0;
  let highest = 0;
  for (let at = 0; at < bits.length; at++) {
    sum += bits[at]! - (at >= width ? bits[at - width]! : 0);
    if (at >= width - 1) highest = Math.max(highest, sum / width);
  }
  return highest;
}

/** Between what is known on a line; below the least of it below 0, so that no two different values are alike. */
function rarity(value: number, sorted: Float64Array): number {
  const count = sorted.length;
  const from = Math.floor(TAIL_FROM * count);
  const upper = sorted[from]!;
  const share = (above: number) => Math.log10((count + 1) / (above + 1));
  if (value >= upper) {
    let excess = 0;
    for (let at = from; at < count; at++) excess += sorted[at]! - upper;
    // Where the tail is as good as one value, a little of that value is its steepness.
    const scale = Math.max(excess / (count - from), 0.01 * Math.abs(upper), 1e-9);
    return share(count - from) + (value - upper) / scale / Math.LN10;
  }
  const at = below(sorted, value);
  if (at === 0) return (value - sorted[0]!) / Math.max(Math.abs(sorted[0]!), 1e-9);
  const part = (value - sorted[at - 1]!) / (sorted[at]! - sorted[at - 1]!);
  return share(count - at + 1) * (1 - part) + share(count - at) * part;
}

/** How many are smaller. */
function below(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
