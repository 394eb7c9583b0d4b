import { PassThrough, type Readable } from 'node:stream';

type Terminal = Readable & { setRawMode?: (raw: boolean) => unknown; ref?: () => unknown };

/**
 * The terminal's keys, while a line is being typed. In between they are whoever's command runs: a question, the dashboard. The
 * terminal is then as it was found, so that Ctrl-C is a signal.
 */
export class Keyboard extends PassThrough {
  readonly isTTY = true;
  readonly #terminal: Terminal;
  #raw = false;
  readonly #forward = (keys: string | Buffer) => {
    this.write(keys);
  };
  readonly #end = () => {
    this.end();
  };

  constructor(terminal: Readable) {
    super();
    this.#terminal = terminal;
  }

  /** What a line editor wants while it has the keys. */
  setRawMode(raw: boolean): void {
    this.#raw = raw;
  }

  attach(): void {
    // A full-screen view lets go of the terminal so thoroughly that the process would end.
    this.#terminal.ref?.();
    this.#terminal.setRawMode?.(this.#raw);
    this.#terminal.on('data', this.#forward);
    this.#terminal.once('end', this.#end);
    this.#terminal.resume();
  }

  detach(): void {
    this.#terminal.off('data', this.#forward);
    this.#terminal.off('end', this.#end);
    this.#terminal.pause();
    this.#terminal.setRawMode?.(false);
  }
}
