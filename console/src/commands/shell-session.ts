import { basename } from 'node:path';
import { EXIT_CODES } from '../model/console-error.ts';
import { printable, printableLines } from '../model/printable.ts';
import { type CompletedLine, completeLine, readShellLine } from '../model/shell-words.ts';
import { colourFailure } from '../model/style.ts';
import { completeWords } from './complete-words.ts';
import { type Invocation, withInvocation } from './invocation.ts';
import { connectTo, placeOf } from './place.ts';
import { runWords, wholeConfig } from './run-words.ts';

/** As a shell says it of what SIGINT ended: 128 and the signal's number. */
const INTERRUPTED_EXIT_CODE = 130;
/** A person waits for Tab no longer; the next one may find it. */
const COMPLETE_MS_MAX = 1_500;

const LEAVE: ReadonlySet<string> = new Set(['exit', 'quit']);

/** Lines of one shell, run one after another. `exitCode` is that of the last; after `ended` none is run. */
export class ShellSession {
  exitCode = 0;
  ended = false;
  readonly #invocation: Invocation;
  readonly #strict: boolean;

  constructor(options: { invocation: Invocation; strict: boolean }) {
    this.#invocation = options.invocation;
    this.#strict = options.strict;
  }

  /** Where the next line goes, and the exit code of the last where it failed. */
  prompt(colour: boolean): string {
    const failed = this.exitCode === 0 ? '' : ` ${colourFailure(`[${this.exitCode}]`, colour)}`;
    return `threatguard ${printable(this.#placeName())}${failed}> `;
  }

  /** Runs a line to its end. Ctrl-C ends the command where the line is interruptible; else it is the process's. */
  async run(line: string, { interruptible }: { interruptible: boolean }): Promise<void> {
    const { words: typed, openQuote } = readShellLine(line);
    // As it stands in documents.
    const words = typed[0] === 'threatguard' ? typed.slice(1) : typed;
    if (words.length === 0 && openQuote === undefined) return;
    const refusal = refuse(words, openQuote);
    if (refusal) this.#fail(refusal, EXIT_CODES.usage);
    else if (LEAVE.has(words[0]!)) this.#leave(words);
    else await this.#runCommand(words, interruptible);
    if (this.#strict && this.exitCode !== 0) this.ended = true;
  }

  complete(line: string): Promise<CompletedLine> {
    const asked = { invocation: this.#invocation, flags: {} };
    const words = completeLine(line, async (typed) => {
      const { commands } = await wholeConfig();
      return completeWords(typed, [...commands, { id: 'exit' }, { id: 'help' }], asked);
    });
    const nothing = new Promise<CompletedLine>((resolve) => {
      setTimeout(resolve, COMPLETE_MS_MAX, { words: [], current: '' }).unref();
    });
    return Promise.race([words, nothing]);
  }

  /** Loads gRPC and shakes hands while the first line is typed, then what Tab asks for. What goes wrong, the first command says. */
  warm(): void {
    connectTo(this.#invocation, {})
      .then(({ client }) => client.getStatus())
      .catch(() => undefined)
      .then(wholeConfig)
      .catch(() => undefined);
  }

  async #runCommand(words: readonly string[], interruptible: boolean): Promise<void> {
    const stop = new AbortController();
    const stopped = AbortSignal.any([this.#invocation.stopped, stop.signal]);
    using _ = interruptible
      ? this.#invocation.takeInterrupts(() => {
          stop.abort();
          this.#invocation.connections?.interrupt();
        })
      : undefined;
    const argv = [...words];
    const own = { ...this.#invocation, argv, stopped };
    const { message, exitCode } = await withInvocation(own, () => runWords(argv));
    // A call that was cancelled failed because it was asked to.
    if (stop.signal.aborted) this.exitCode = exitCode === 0 ? 0 : INTERRUPTED_EXIT_CODE;
    else this.#fail(message, exitCode);
  }

  #leave([word, code, ...more]: readonly string[]): void {
    if (more.length > 0 || (code !== undefined && !/^(\d{1,2}|1\d\d|2[0-4]\d|25[0-5])$/.test(code))) {
      this.#fail(`error: "${word}" takes an exit code from 0 to 255, or nothing`, EXIT_CODES.usage);
      return;
    }
    if (code !== undefined) this.exitCode = Number(code);
    this.ended = true;
  }

  #fail(message: string, exitCode: number): void {
    this.exitCode = exitCode;
    if (message) this.#invocation.stderr.write(`${printableLines(message)}\n`);
  }

  #placeName(): string {
    try {
      const { context, home } = placeOf(this.#invocation, {});
      return context ?? basename(home);
    } catch {
      // The context was taken away meanwhile: each command says so.
      return '?';
    }
  }
}

/** What only looks like a command of a shell, before oclif says something less to the point. */
function refuse(words: readonly string[], openQuote: string | undefined): string | undefined {
  if (openQuote !== undefined) return `error: the quote ${openQuote} is not closed`;
  const operator = words.find((word) => /^(\|\|?|&&?|>>?|<)$/.test(word));
  if (operator === undefined) return undefined;
  return (
    `error: "${operator}" is nothing here: quote it where it belongs to a hunt, ` +
    'and pipe "threatguard ..." in the shell of your system'
  );
}
