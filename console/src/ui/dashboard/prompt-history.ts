/** Lines kept of one kind. */
const LINES_MAX = 100;

/** What was typed before, oldest first, nothing twice in a row. */
export class PromptHistory {
  readonly #lines: string[] = [];

  add(line: string): void {
    if (line === '' || line === this.#lines.at(-1)) return;
    this.#lines.push(line);
    if (this.#lines.length > LINES_MAX) this.#lines.shift();
  }

  /** Older for -1, newer for 1; past the newest there is an empty line again. */
  step(at: number | undefined, steps: -1 | 1): { at: number | undefined; text: string } {
    const next = Math.max(0, (at ?? this.#lines.length) + steps);
    const text = this.#lines[next];
    return text === undefined ? { at: undefined, text: '' } : { at: next, text };
  }
}
