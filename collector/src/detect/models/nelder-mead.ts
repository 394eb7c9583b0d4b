/** How far the search goes at most, and when it has come close enough. */
const STEPS_PER_DIMENSION = 120;
const CLOSE_ENOUGH = 1e-8;

interface Point {
  at: Float64Array;
  value: number;
}

/**
 * The lowest place of a function that has no derivatives, from `start` on: Nelder and Mead, "A Simplex Method for Function
 * Minimization", The Computer Journal 7 (1965), with its coefficients 1, 2, 1/2 and 1/2.
 */
export function minimise(of: (at: Float64Array) => number, start: Float64Array, reach = 1): Point {
  const size = start.length;
  const point = (at: Float64Array): Point => ({ at, value: of(at) });
  const corners = [point(start)];
  for (let each = 0; each < size; each++) {
    const at = start.slice();
    at[each]! += reach;
    corners.push(point(at));
  }
  for (let step = 0; step < STEPS_PER_DIMENSION * size; step++) {
    corners.sort((a, b) => a.value - b.value);
    const best = corners[0]!;
    const worst = corners[size]!;
    if (worst.value - best.value <= CLOSE_ENOUGH * (Math.abs(best.value) + CLOSE_ENOUGH)) break;
    const centre = new Float64Array(size);
    for (const { at } of corners.slice(0, size))
      for (let each = 0; each < size; each++) centre[each]! += at[each]! / size;
    const along = (share: number) => point(centre.map((each, place) => each + share * (worst.at[place]! - each)));
    const reflected = along(-1);
    if (reflected.value < best.value) {
      const expanded = along(-2);
      corners[size] = expanded.value < reflected.value ? expanded : reflected;
    } else if (reflected.value < corners[size - 1]!.value) corners[size] = reflected;
    else {
      const contracted = along(reflected.value < worst.value ? -0.5 : 0.5);
      if (contracted.value < Math.min(worst.value, reflected.value)) corners[size] = contracted;
      else for (let each = 1; each <= size; each++) corners[each] = point(towards(corners[each]!.at, best.at));
    }
  }
  return corners.reduce((best, each) => (each.value < best.value ? each : best));
}

function towards(from: Float64Array, to: Float64Array): Float64Array {
  return from.map((each, place) => (each + to[place]!) / 2);
}
