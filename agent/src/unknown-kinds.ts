// Counts lines nobody understood by who wrote them and what they look like, so that one odd daemon is one row and not a thousand.

/** Kinds kept; rarer ones that come later share one row. */
const KINDS_MAX = 1000;
/** Rows printed, most frequent first. */
const PRINTED_MAX = 40;
const WORDS_MAX = 8;
const LOOKED_AT_MAX = 400;
const OTHERS = '(other kinds)';

export class UnknownKinds {
  readonly #counts = new Map<string, number>();

  add(kind: string): void {
    const key = this.#counts.has(kind) || this.#counts.size < KINDS_MAX ? kind : OTHERS;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** "     12  ntpd: synchronized to *, stratum *", most frequent first. */
  report(): string {
    const kinds = [...this.#counts].sort((a, b) => b[1] - a[1]);
    const rest = kinds.slice(PRINTED_MAX).reduce((sum, [, count]) => sum + count, 0);
    const shown: [string, number][] = kinds.slice(0, PRINTED_MAX);
    if (rest > 0) shown.push([`(${kinds.length - PRINTED_MAX} more kinds)`, rest]);
    return shown.map(([kind, count]) => `${String(count).padStart(8)}  ${kind}\n`).join('');
  }
}

/** The first words of a message; what differs from one line of its kind to the next (numbers, paths, quoted text) is a star. */
export function shapeOf(message: string): string {
  const words = message.slice(0, LOOKED_AT_MAX).trim().split(/\s+/);
  const shape = words
    .slice(0, WORDS_MAX)
    .map((word) => (/^[(['"]?[A-Za-z][A-Za-z'_-]*[)\]'",.:;!]{0,2}$/.test(word) ? word : '*'));
  if (words.length > WORDS_MAX) shape.push('...');
  return shape.join(' ').replace(/\*(?: \*)+/g, '*');
}
