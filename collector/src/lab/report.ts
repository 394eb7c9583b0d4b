import type { Writable } from 'node:stream';
import { type BadRows, withoutControls } from './csv.ts';

/** Names the rows that were left out, by line; whether there were any. */
export function reportBadRows(path: string, { kept, count }: BadRows, stderr: Writable): boolean {
  for (const { line, reason } of kept)
    stderr.write(withoutControls(`${path}:${line}: left out: ${reason}`).concat('\n'));
  if (count > kept.length) stderr.write(`${path}: ${count - kept.length} more rows were left out\n`);
  return count > 0;
}

/** A value for each row of the data, NaN for those that were left out. */
export function inPlace(
  { positions, rows }: { positions: Uint32Array; rows: number },
  values: Float64Array | Int32Array,
): number[] {
  const all = new Array<number>(rows).fill(Number.NaN);
  positions.forEach((row, at) => {
    all[row] = values[at]!;
  });
  return all;
}
