// Small charts as text. Each has a second alphabet of ASCII alone, for terminals and fonts without block elements.

const BLOCKS = ' ▁▂▃▄▅▆▇█';
const ASCII_LEVELS = ' .:-=+*#@';
const BAR_EIGHTHS = ' ▏▎▍▌▋▊▉█';

/** Sums (or averages) values into `columns` of equal share; fewer values than columns stay as they are. */
export function resample(values: readonly number[], columns: number, how: 'sum' | 'mean' = 'sum'): number[] {
  if (values.length <= columns || columns <= 0) return values.slice(0, Math.max(0, columns));
  return Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * values.length) / columns);
    const to = Math.max(from + 1, Math.floor(((column + 1) * values.length) / columns));
    const sum = values.slice(from, to).reduce((total, value) => total + value, 0);
    return how === 'sum' ? sum : sum / (to - from);
  });
}

/** One character per value, from nothing to the largest of them; a value above 0 is never drawn as nothing. */
export function sparkline(
  values: readonly number[],
  options: { columns: number; ascii: boolean; max?: number },
): string {
  const drawn = resample(values, options.columns);
  const levels = options.ascii ? ASCII_LEVELS : BLOCKS;
  const max = options.max ?? Math.max(...drawn, 0);
  return drawn.map((value) => levels[levelOf(value, max, levels.length - 1)]).join('');
}

/** A bar of at most `columns`, in eighths of a column; `#` in ASCII. */
export function bar(value: number, max: number, options: { columns: number; ascii: boolean }): string {
  const share = max > 0 ? Math.min(1, Math.max(0, value / max)) : 0;
  if (options.ascii) return '#'.repeat(value > 0 ? Math.max(1, Math.round(share * options.columns)) : 0);
  const eighths = Math.round(share * options.columns * 8);
  const rest = eighths % 8;
  const whole = '█'.repeat(Math.floor(eighths / 8));
  return whole + (rest > 0 ? BAR_EIGHTHS[rest] : '') || (value > 0 ? BAR_EIGHTHS[1]! : '');
}

/** 0 for nothing, else 1 to `levels`. */
export function levelOf(value: number, max: number, levels: number): number {
  if (!(value > 0) || !(max > 0)) return 0;
  return Math.min(levels, Math.max(1, Math.ceil((value / max) * levels)));
}
