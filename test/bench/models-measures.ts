/** The share of pairs of an anomaly and an ordinary row in which the anomaly has the higher score; ties count half. */
export function rocAuc(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const order = ascending(scores);
  let ranks = 0;
  let odd = 0;
  for (let at = 0; at < order.length; ) {
    let end = at;
    while (end < order.length && scores[order[end]!] === scores[order[at]!]) end++;
    for (let each = at; each < end; each++) {
      if (!labels[order[each]!]) continue;
      ranks += (at + end + 1) / 2;
      odd++;
    }
    at = end;
  }
  return (ranks - (odd * (odd + 1)) / 2) / (odd * (order.length - odd));
}

/** The mean precision at the score of each anomaly. */
export function averagePrecision(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const order = ascending(scores).reverse();
  let found = 0;
  let sum = 0;
  let total = 0;
  for (let at = 0; at < order.length; ) {
    let end = at;
    let here = 0;
    while (end < order.length && scores[order[end]!] === scores[order[at]!]) here += labels[order[end++]!] ? 1 : 0;
    found += here;
    sum += (here * found) / end;
    total += here;
    at = end;
  }
  return sum / total;
}

export function accuracy(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let same = 0;
  for (let at = 0; at < wanted.length; at++) if (found[at] === wanted[at]) same++;
  return same / wanted.length;
}

/** F1 of places that are right within a margin; the beginning counts as one of them on both sides, as is usual. */
export function changePointF1(found: readonly number[], wanted: readonly number[], margin = 5): number {
  const left = [0, ...found];
  const all = left.length;
  let right = 0;
  for (const change of [0, ...wanted]) {
    const at = left.findIndex((each) => Math.abs(each - change) <= margin);
    if (at < 0) continue;
    left.splice(at, 1);
    right++;
  }
  return (2 * right) / (all + wanted.length + 1);
}

function ascending(scores: ArrayLike<number>): Uint32Array {
  return Uint32Array.from({ length: scores.length }, (_, at) => at).sort((a, b) => scores[a]! - scores[b]!);
}
