import { resample } from './spark.ts';

/** Bits of the dots of U+2800 by row and column of one character. */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;
const DOT_ROWS = 4;
const DOT_COLUMNS = 2;

/**
 * A line through values as braille dots, two values to a column and four levels to a row, the oldest left; in ASCII one
 * `*` to a column. `max` is the top of the uppermost row.
 */
export function brailleLine(
  values: readonly number[],
  options: { columns: number; rows: number; max: number; ascii: boolean },
): string[] {
  const { columns, rows, max, ascii } = options;
  if (ascii) return asciiLine(values, options);
  const drawn = resample(values, columns * DOT_COLUMNS, 'mean');
  const cells = Array.from({ length: rows }, () => new Uint8Array(columns));
  let last: number | undefined;
  for (const [at, value] of drawn.entries()) {
    const dot = dotOf(value, max, rows * DOT_ROWS);
    // From the dot before to this one, so that a steep rise is a line and not two dots.
    for (const each of between(last ?? dot, dot)) {
      const row = cells[Math.floor(each / DOT_ROWS)]!;
      row[Math.floor(at / DOT_COLUMNS)]! |= DOTS[each % DOT_ROWS]![at % DOT_COLUMNS]!;
    }
    last = dot;
  }
  return cells.map((row) => Array.from(row, (bits) => (bits ? String.fromCodePoint(0x2800 + bits) : ' ')).join(''));
}

function asciiLine(
  values: readonly number[],
  { columns, rows, max }: { columns: number; rows: number; max: number },
): string[] {
  const drawn = resample(values, columns, 'mean').map((value) => dotOf(value, max, rows));
  return Array.from({ length: rows }, (_, row) =>
    drawn
      .map((dot) => (dot === row ? '*' : ' '))
      .join('')
      .padEnd(columns),
  );
}

/** Counted from above. */
function dotOf(value: number, max: number, dots: number): number {
  const share = max > 0 ? Math.min(1, Math.max(0, value / max)) : 0;
  return dots - 1 - Math.round(share * (dots - 1));
}

function between(from: number, to: number): number[] {
  const step = to >= from ? 1 : -1;
  return Array.from({ length: Math.abs(to - from) + 1 }, (_, at) => from + at * step);
}
