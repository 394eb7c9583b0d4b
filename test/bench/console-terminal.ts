// A program in a terminal as a bench sees one: what it wrote, when a text was there, what its process used.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { endChild } from '../support/child-server.ts';
import { until } from '../support/until.ts';

/** What Ink begins a frame with: synchronised output, DEC private mode 2026. */
const FRAME = '\u001b[?2026h';
/** Kept of what was written: a few screens. */
const TEXT_CHARS_MAX = 200_000;
const APPEARS_MS_MAX = 60_000;

const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;

export class BenchTerminal implements AsyncDisposable {
  readonly startedMs = performance.now();
  frames = 0;
  readonly #child: ChildProcessWithoutNullStreams;
  #text = '';
  readonly #awaited = new Map<string, PromiseWithResolvers<number>>();

  /** 80x24, with colours. script(1) of util-linux makes the terminal. */
  constructor(command: readonly string[], env: Record<string, string>) {
    const shell = `stty rows 24 cols 80; exec ${command.map(quote).join(' ')}`;
    const { NO_COLOR: _, ...inherited } = process.env;
    this.#child = spawn('/usr/bin/script', ['-qfec', shell, '/dev/null'], {
      env: { ...inherited, TERM: 'xterm-256color', LANG: 'C.UTF-8', ...env },
    });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => this.#read(text));
  }

  #read(text: string): void {
    this.frames += text.split(FRAME).length - 1;
    this.#text = (this.#text + text).slice(-TEXT_CHARS_MAX);
    for (const [wanted, { resolve }] of this.#awaited) {
      if (this.#text.includes(wanted)) resolve(performance.now() - this.startedMs);
    }
  }

  /** Milliseconds from the start until the text was written. */
  async appears(text: string): Promise<number> {
    const awaited = Promise.withResolvers<number>();
    this.#awaited.set(text, awaited);
    this.#read('');
    const late = setTimeout(
      () => awaited.reject(new Error(`"${text}" did not appear in ${this.#text}`)),
      APPEARS_MS_MAX,
    );
    try {
      return await awaited.promise;
    } finally {
      clearTimeout(late);
      this.#awaited.delete(text);
    }
  }

  /** The program itself: the child of script(1). */
  pid(): Promise<number> {
    return until(() => childOf(this.#child.pid!), { limitMs: 5_000, what: 'the process in the terminal' });
  }

  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endChild(this.#child, 'SIGTERM');
  }
}

function childOf(pid: number): number | undefined {
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid) return Number(entry);
    } catch (error) {
      // It ended while we looked.
      if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  return undefined;
}
