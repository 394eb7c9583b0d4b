// What is usual as a stretch of a line, and what was seen as a mark on it.

const BAND = { track: '·', usual: '█', seen: '●' };
const ASCII_BAND = { track: '.', usual: '=', seen: 'o' };
/** From so many times what is usual the line is of logarithms: the stretch would be a point on a plain one. */
const LOGARITHMIC_FROM = 20;

export interface Band {
  low: number;
  high: number;
  seen: number;
}

/** From 0 at the left; bands drawn with the same `max` (the largest number of all) stand over each other. */
export function band(
  { low, high, seen }: Band,
  options: { max: number; columns: number; ascii: boolean; logarithmic: boolean },
): string {
  const { max, columns, ascii, logarithmic } = options;
  const look = ascii ? ASCII_BAND : BAND;
  const scale = (value: number) => (logarithmic ? Math.log1p(Math.max(0, value)) : Math.max(0, value));
  const columnOf = (value: number) =>
    max > 0 ? Math.min(columns - 1, Math.round((scale(value) / scale(max)) * (columns - 1))) : 0;
  const [from, to, at] = [columnOf(low), columnOf(high), columnOf(seen)];
  return Array.from({ length: columns }, (_, column) =>
    column === at ? look.seen : column >= from && column <= to ? look.usual : look.track,
  ).join('');
}

export function isLogarithmic(seen: number, high: number): boolean {
  return seen > LOGARITHMIC_FROM * Math.max(1, high);
}
