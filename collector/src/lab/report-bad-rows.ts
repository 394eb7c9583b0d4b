import type { Writable } from 'node:stream';
import type { BadRows } from './csv.ts';

/** Names the rows that were left out, by line; whether there were any. */
export function reportBadRows(path: string, { kept, count }: BadRows, stderr: Writable): boolean {
  for (const { line, reason } of kept) stderr.write(`${path}:${line}: left out: ${reason}\n`);
  if (count > kept.length) stderr.write(`${path}: ${count - kept.length} more rows were left out\n`);
  return count > 0;
}
