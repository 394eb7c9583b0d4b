import { levelOf } from './spark.ts';

const SHADES = ' ░▒▓█';
const ASCII_SHADES = ' .:*#';
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const HOURS = 24;
const CELL_COLUMNS = 2;

/** Columns a heat map takes. */
export const HEAT_MAP_COLUMNS = 4 + HOURS * CELL_COLUMNS;

/** How much there was by weekday and hour of the day, Monday first: a heading and seven lines. */
export function heatMap(
  counts: readonly { atUs: number; count: number }[],
  { utc, ascii }: { utc: boolean; ascii: boolean },
): string[] {
  const cells = DAYS.map(() => new Array<number>(HOURS).fill(0));
  for (const { atUs, count } of counts) {
    const date = new Date(atUs / 1000);
    const day = ((utc ? date.getUTCDay() : date.getDay()) + 6) % 7;
    cells[day]![utc ? date.getUTCHours() : date.getHours()]! += count;
  }
  const max = Math.max(...cells.flat());
  const shades = ascii ? ASCII_SHADES : SHADES;
  const heading = ['0', '6', '12', '18'].map((hour) => hour.padEnd(6 * CELL_COLUMNS)).join('');
  return [
    `    ${heading}`,
    ...cells.map((row, day) => {
      const drawn = row.map((count) => shades[levelOf(count, max, shades.length - 1)]!.repeat(CELL_COLUMNS)).join('');
      return `${DAYS[day]} ${drawn}`;
    }),
  ];
}
