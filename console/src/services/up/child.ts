import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { ConsoleError } from '../../model/console-error.ts';
import { logTail } from './log-tail.ts';

// A program that is to run until it is told to stop. Invariants: at most one process at a time; it is restarted after
// growing pauses; after STARTS_MAX quick deaths in a row `failed` rejects with the end of its log.

/** Alive for less than this counts as dying at once. */
const QUICK_DEATH_MS = 10_000;
const STARTS_MAX = 5;
const RESTART_MS_MIN = 500;
const RESTART_MS_MAX = 30_000;
/** A log longer than this is moved aside (one older one is kept) when its program starts. */
const LOG_BYTES_MAX = 16 * 1024 * 1024;

export interface ChildOptions {
  /** What notes call it: "the collector". */
  title: string;
  program: string;
  args(): string[];
  env: Record<string, string | undefined>;
  logFile: string;
  /** Whether a line on stderr says that it serves now. */
  isReady(line: string): boolean;
  readyMsMax: number;
  /** Asked to stop for this long, then killed. */
  stopMsMax: number;
  onPid(pid: number | undefined): void;
  onNote(note: string): void;
}

export class Child implements AsyncDisposable {
  /** Rejects once the program cannot be kept running. */
  readonly failed: Promise<never>;
  readonly #options: ChildOptions;
  readonly #fail: (error: Error) => void;
  readonly #stopping = new AbortController();
  #process: ChildProcess | undefined;
  #running: Promise<void> | undefined;

  constructor(options: ChildOptions) {
    const { promise, reject } = Promise.withResolvers<never>();
    // Whoever waits on it hears of it; before that it must not count as unhandled.
    promise.catch(() => undefined);
    this.failed = promise;
    this.#fail = reject;
    this.#options = options;
  }

  /** Starts it and resolves when it is ready; rejects where it does not get there, or `signal` says to stop. */
  async start(signal: AbortSignal): Promise<void> {
    const { promise: ready, resolve } = Promise.withResolvers<void>();
    const { title, readyMsMax, logFile } = this.#options;
    signal.throwIfAborted();
    this.#running = this.#keepRunning(resolve);
    const settled = new AbortController();
    const tooLate = wait(readyMsMax, undefined, { signal: AbortSignal.any([signal, settled.signal]) }).then(() => {
      throw new ConsoleError('failure', `${title} was not ready after ${readyMsMax / 1000} s; its log is ${logFile}`);
    });
    tooLate.catch(() => undefined);
    await Promise.race([ready, this.failed, tooLate]).finally(() => settled.abort());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    this.#process?.kill('SIGTERM');
    const killer = setTimeout(() => this.#process?.kill('SIGKILL'), this.#options.stopMsMax);
    await this.#running;
    clearTimeout(killer);
  }

  async #keepRunning(onReady: () => void): Promise<void> {
    const { title, onNote, logFile } = this.#options;
    let quickDeaths = 0;
    while (!this.#stopping.signal.aborted) {
      const startedMs = Date.now();
      const ending = await this.#runOnce(onReady);
      if (this.#stopping.signal.aborted) return;
      quickDeaths = Date.now() - startedMs < QUICK_DEATH_MS ? quickDeaths + 1 : 1;
      if (quickDeaths >= STARTS_MAX) {
        const tail = logTail(logFile, 8).map((line) => `  ${line}`);
        const message = [`${title} ended ${STARTS_MAX} times at once (${ending}); ${logFile} ends with:`, ...tail];
        return this.#fail(new ConsoleError('failure', message.join('\n')));
      }
      const pauseMs = Math.min(RESTART_MS_MIN * 2 ** (quickDeaths - 1), RESTART_MS_MAX);
      onNote(`${title} ended (${ending}); starting it again in ${pauseMs / 1000} s`);
      await wait(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    }
  }

  async #runOnce(onReady: () => void): Promise<string> {
    const { program, args, env, logFile, isReady, onPid } = this.#options;
    const log = await openLog(logFile);
    if (this.#stopping.signal.aborted) return 'stopped';
    // Detached: a process group of its own, so that Ctrl-C in the terminal reaches `up` alone.
    const child = spawn(program, args(), { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    onPid(child.pid);
    child.stdout.pipe(log, { end: false });
    createInterface({ input: child.stderr }).on('line', (line) => {
      log.write(`${line}\n`);
      if (isReady(line)) onReady();
    });
    const ending = await new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('close', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
    });
    this.#process = undefined;
    onPid(undefined);
    await new Promise<void>((resolve) => log.end(resolve));
    return ending;
  }
}

async function openLog(path: string): Promise<WriteStream> {
  const size = await stat(path).then(
    (found) => found.size,
    (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? 0 : Promise.reject(error)),
  );
  if (size > LOG_BYTES_MAX) await rename(path, `${path}.1`);
  return createWriteStream(path, { flags: 'a', mode: 0o600 });
}
