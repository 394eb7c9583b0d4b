// `lab stream`: a row at a time, as if it had just come.
import { StreamScore } from '../detect/models/stream-score.ts';
import { type BadRows, DataError, readNumber, readRows } from './csv.ts';
import { readTime } from './time.ts';

export interface ScoredRow {
  timestamp: string;
  value: string;
  /** 0 to 1; NaN for a row that could not be read. */
  score: number;
}

/**
 * Scores every row of a file with the columns `timestamp` and `value`, in the order of the file. A time that repeats or goes
 * back is taken as it is; a missing value has the score 0 and is passed over. Throws DataError.
 */
export function scoreStream(path: string): { scored: ScoredRow[]; bad: BadRows } {
  const stream = new StreamScore();
  const scored: ScoredRow[] = [];
  let places: { timestamp: number; value: number } | undefined;
  const { bad } = readRows(path, (cells, _, header) => {
    places ??= findColumns(path, header);
    const timestamp = cells[places.timestamp]!;
    const value = cells[places.value]!;
    const row: ScoredRow = { timestamp, value, score: Number.NaN };
    scored.push(row);
    const timeS = readTime(timestamp);
    if (timeS === undefined) return `"${timestamp.slice(0, 40)}" is not a time`;
    const number = readNumber(value);
    if (number === undefined) return `"${value.slice(0, 40)}" in the column "value" is not a number`;
    row.score = Number.isNaN(number) ? 0 : stream.score(number, timeS);
    return undefined;
  });
  return { scored, bad };
}

function findColumns(path: string, header: readonly string[]): { timestamp: number; value: number } {
  const find = (...names: string[]) => header.findIndex((name) => names.includes(name.toLowerCase()));
  let timestamp = find('timestamp', 'time', 'date', 'datetime', 'ts');
  let value = find('value');
  // Of two columns the other one is meant, or where neither is named so, a time and then a value.
  if (header.length === 2) {
    if (timestamp < 0) timestamp = value < 0 ? 0 : 1 - value;
    if (value < 0) value = 1 - timestamp;
  }
  if (timestamp < 0 || value < 0) {
    throw new DataError('column_missing', `${path}:1: the header has to name "timestamp" and "value"`);
  }
  return { timestamp, value };
}
