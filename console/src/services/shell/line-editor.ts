import { type REPLServer, type ReplOptions, start } from 'node:repl';
import type { Readable, Writable } from 'node:stream';
import { Keyboard } from './keyboard.ts';

interface Completed {
  /** What the end of the line could become. */
  words: string[];
  /** The end of the line they would stand for. */
  current: string;
}

/** As `Interface` of node:readline has them, without its types saying so. */
type Editor = REPLServer & { history: string[]; clearLine(): void };

export interface LineEditorOptions {
  stdin: Readable;
  stdout: Writable;
  /** Newest first. */
  history: string[];
  historyMax: number;
  complete(line: string): Promise<Completed>;
  /** False for a line that is not to be found again by the arrow keys or Ctrl-R. */
  mayKeep(line: string): boolean;
}

/**
 * One line after another from a terminal, with history, Ctrl-R and completion: the line editor of Node's own REPL, which is
 * the only place it has a reverse search. Everything else of the REPL is taken out of it; nothing typed is ever evaluated.
 */
export class LineEditor implements Disposable {
  readonly #keyboard: Keyboard;
  readonly #editor: Editor;
  #answer: ((line: string | undefined) => void) | undefined;
  /** Lines that were pasted at once. No more than one chunk of the terminal holds: no keys are taken while a command runs. */
  readonly #pasted: string[] = [];
  #closed = false;

  constructor(options: LineEditorOptions) {
    this.#keyboard = new Keyboard(options.stdin);
    const settings: ReplOptions & { historySize: number } = {
      prompt: '',
      input: this.#keyboard,
      output: options.stdout,
      terminal: true,
      preview: false,
      historySize: options.historyMax,
      eval: (_line, _context, _file, done) => done(null, undefined),
      completer: (line: string, done: (error: Error | null, result: [string[], string]) => void) => {
        options.complete(line).then(
          ({ words, current }) => done(null, [words, current]),
          () => done(null, [[], line]),
        );
      },
    };
    const editor = start(settings) as Editor;
    this.#editor = editor;
    for (const event of ['line', 'SIGINT', 'SIGCONT']) editor.removeAllListeners(event);
    editor.history.push(...options.history);
    editor.on('history', (lines: string[]) => {
      if (lines[0] !== undefined && !options.mayKeep(lines[0])) lines.shift();
    });
    editor.on('line', (line: string) => this.#give(line));
    editor.on('SIGINT', () => this.#startAgain());
    editor.on('SIGCONT', () => editor.prompt(true));
    editor.on('close', () => {
      this.#closed = true;
      this.#give(undefined);
    });
  }

  /** The next line; undefined when there are no more: Ctrl-D, or the terminal is gone. */
  async read(prompt: string): Promise<string | undefined> {
    const pasted = this.#pasted.shift();
    if (pasted !== undefined || this.#closed) return pasted;
    this.#editor.setPrompt(prompt);
    const line = new Promise<string | undefined>((resolve) => {
      this.#answer = resolve;
    });
    this.#keyboard.attach();
    this.#editor.prompt();
    try {
      return await line;
    } finally {
      this.#keyboard.detach();
    }
  }

  [Symbol.dispose](): void {
    this.#editor.close();
  }

  #give(line: string | undefined): void {
    const answer = this.#answer;
    this.#answer = undefined;
    if (answer) answer(line);
    else if (line !== undefined) this.#pasted.push(line);
  }

  /** Ctrl-C while typing: the line is left as it is, and another begun. */
  #startAgain(): void {
    this.#editor.clearLine();
    this.#editor.prompt();
  }
}
