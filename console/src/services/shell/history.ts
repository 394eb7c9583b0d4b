import { closeSync, constants, fchmodSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { mayKeep } from '../../model/shell-words.ts';

/** Lines of former shells that are found again. */
export const HISTORY_LINES_MAX = 1_000;
/** The file is made anew when it is opened with more: until then lines are only added. */
const KEPT_BYTES_MAX = 1024 * 1024;
/** A longer line is no command somebody looks for. */
const LINE_CHARACTERS_MAX = 4_096;

/**
 * Lines typed at shells, a line each, the newest last: readable by their owner alone, bounded, without secrets. Shells that
 * run beside each other add to it. A file that cannot be used is as none, and `problem` says why.
 */
export class History {
  readonly #path: string;
  readonly #lines: string[];
  problem = '';

  constructor(directory: string) {
    this.#path = join(directory, 'shell-history');
    this.#lines = this.#read();
  }

  /** Newest first, as a line editor goes through them. */
  newestFirst(): string[] {
    return this.#lines.toReversed();
  }

  /** Kept unless it is a secret or what was typed last. */
  add(line: string): void {
    if (!mayKeep(line) || line.length > LINE_CHARACTERS_MAX || line === this.#lines.at(-1)) return;
    this.#lines.push(line);
    if (this.#lines.length > HISTORY_LINES_MAX) this.#lines.shift();
    if (!this.problem) this.#guard(() => this.#write(this.#path, constants.O_APPEND, `${line}\n`));
  }

  #read(): string[] {
    let lines: string[] = [];
    this.#guard(() => {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      const text = readFileSync(this.#path, 'utf8');
      lines = text
        .split('\n')
        .filter((line) => mayKeep(line) && line.length <= LINE_CHARACTERS_MAX)
        .slice(-HISTORY_LINES_MAX);
      if (text.length <= KEPT_BYTES_MAX) return;
      this.#write(`${this.#path}.new`, constants.O_TRUNC, lines.map((line) => `${line}\n`).join(''));
      renameSync(`${this.#path}.new`, this.#path);
    });
    return lines;
  }

  #write(path: string, how: number, text: string): void {
    const file = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | how, 0o600);
    try {
      // Also of a file somebody else made, or copied here.
      fchmodSync(file, 0o600);
      writeSync(file, text);
    } finally {
      closeSync(file);
    }
  }

  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.problem = (error as Error).message;
    }
  }
}
