// How every process of ours answers a word it does not know: a field, a key, a command.

/** Words further from what was written than this are not worth suggesting. */
const DISTANCE_MAX = 3;
/** Nobody mistypes more than this; the rest of a longer word is not compared. */
const WORD_LENGTH_MAX = 64;
/** More than this is no help to list. */
const LISTED_MAX = 16;

/** The rest of a sentence that names the unknown word: `; did you mean "x"?`, or the valid words where they are few. */
export function suggest(word: string, candidates: readonly string[]): string {
  const wanted = word.slice(0, WORD_LENGTH_MAX).toLowerCase();
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: distance(wanted, candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  if (!best) return '';
  if (best.distance <= Math.min(DISTANCE_MAX, Math.ceil(wanted.length / 2)))
    return `; did you mean "${best.candidate}"?`;
  return candidates.length <= LISTED_MAX ? `; valid: ${candidates.join(', ')}` : '';
}

/** Letters to change, add, leave out or swap with a neighbour (optimal string alignment). */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
  );
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const substituted = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, substituted);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      rows[i]![j] = best;
    }
  }
  return rows[a.length]![b.length]!;
}
