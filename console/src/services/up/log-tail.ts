import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { printable } from '../../model/printable.ts';

const TAIL_BYTES = 8192;

/** The last lines of a log, printable; a pino line is reduced to its message and error. */
export function logTail(path: string, lines: number): string[] {
  const file = openSync(path, 'r');
  try {
    const size = fstatSync(file).size;
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(file, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString('utf8').split('\n').filter(Boolean).slice(-lines).map(shorten).map(printable);
  } finally {
    closeSync(file);
  }
}

function shorten(line: string): string {
  try {
    const entry = JSON.parse(line) as { msg?: unknown; err?: { message?: unknown } };
    const parts = [entry.msg, entry.err?.message].filter((part) => typeof part === 'string');
    return parts.length > 0 ? parts.join(': ') : line;
  } catch {
    // Not every line of a dying process is JSON.
    return line;
  }
}
