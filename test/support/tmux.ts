import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './source-files.ts';
import { until } from './until.ts';

/** tmux is a terminal as people have one, and tells what it shows. */
export const hasTmux = existsSync('/usr/bin/tmux');

const BIN = join(ROOT, 'console', 'bin', 'threatguard.js');
const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;
let servers = 0;

interface TmuxOptions {
  columns: number;
  rows: number;
  env: Record<string, string>;
}

const withEnvironment = (env: Record<string, string>, command: string) =>
  [...Object.entries(env).map(([name, value]) => `${name}=${quote(value)}`), command].join(' ');

/** A program in a terminal of its own, with keys to press and a screen to look at. */
export class TmuxShell implements Disposable {
  readonly #server = `threatguard-test-${process.pid}-${servers++}`;

  /** `command` is for sh(1), and runs in place of it. */
  constructor(command: string, { columns, rows, env }: TmuxOptions) {
    const shell = withEnvironment(env, `exec ${command}`);
    this.#tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), shell);
  }

  /** tmux's names: Enter, Escape, Space, C-s, Down. */
  press(...keys: string[]): void {
    this.#tmux('send-keys', '--', ...keys);
  }

  type(text: string): void {
    this.#tmux('send-keys', '-l', '--', text);
  }

  /** In brackets, as terminals do where a program asks for that. */
  paste(text: string): void {
    this.#tmux('set-buffer', '--', text);
    this.#tmux('paste-buffer', '-p');
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  screen(): string {
    return this.#tmux('capture-pane', '-p');
  }

  /** With SGR sequences between what looks different. */
  colouredScreen(): string {
    return this.#tmux('capture-pane', '-p', '-e', '-N');
  }

  /** The process in the terminal: the shell, whose child is the console. */
  pid(): number {
    return Number(this.#tmux('display-message', '-p', '#{pane_pid}'));
  }

  /** Resolves with the screen once it shows that. */
  shows(text: string | RegExp): Promise<string> {
    return until(
      () => {
        const screen = this.screen();
        return (typeof text === 'string' ? screen.includes(text) : text.test(screen)) ? screen : undefined;
      },
      { limitMs: 20_000, what: () => `${text} in:\n${this.screen()}` },
    );
  }

  #tmux(...args: string[]): string {
    return execFileSync('/usr/bin/tmux', ['-L', this.#server, '-f', '/dev/null', ...args], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, TERM: 'xterm-256color', LANG: 'C.UTF-8' },
    });
  }

  [Symbol.dispose](): void {
    this.#tmux('kill-server');
  }
}

/** A console command in a terminal of its own. */
export class TmuxConsole extends TmuxShell {
  readonly command: string;

  constructor(args: string[], options: TmuxOptions) {
    const words = [process.execPath, '--disable-warning=ExperimentalWarning', BIN, ...args.map(quote)];
    const command = withEnvironment(options.env, words.join(' '));
    // What stays on the screen after the command says how it ended.
    super(`sh -c ${quote(`${command}; echo "ended with $?"; cat`)}`, { ...options, env: {} });
    this.command = command;
  }
}
