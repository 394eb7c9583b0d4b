/**
 * The sum of products of `count` numbers of `a` from `at` on and of `b` from `bt` on. Four sums at once: one alone would wait for
 * each addition before the next.
 */
export function dot(a: Float64Array, at: number, b: Float64Array, bt: number, count: number): number {
  let first = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  let each = 0;
  for (; each + 3 < count; each += 4) {
    first += a[at + each]! * b[bt + each]!;
    second += a[at + each + 1]! * b[bt + each + 1]!;
    third += a[at + each + 2]! * b[bt + each + 2]!;
    fourth += a[at + each + 3]! * b[bt + each + 3]!;
  }
  for (; each < count; each++) first += a[at + each]! * b[bt + each]!;
  return first + second + (third + fourth);
}

/** Adds `factor` times `count` numbers of `a` from `at` on to those of `into` from `to` on. */
export function addTimes(
  factor: number,
  a: Float64Array,
  at: number,
  into: Float64Array,
  to: number,
  count: number,
): void {
  for (let each = 0; each < count; each++) into[to + each]! += factor * a[at + each]!;
}
