import { readText } from './csv.ts';

/** The tokens of each line of a file; empty for an empty line. Throws DataError where it cannot be read. */
export function readSequences(path: string): string[][] {
  const text = readText(path);
  if (text === '') return [];
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => line.split(/\s+/).filter((token) => token !== ''));
}
