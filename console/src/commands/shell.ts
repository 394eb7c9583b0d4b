import { createInterface } from 'node:readline';
import { Flags } from '@oclif/core';
import { ConsoleError } from '../model/console-error.ts';
import { mayKeep } from '../model/shell-words.ts';
import { ConsoleCommand, describe } from './console-command.ts';
import { EndedWith } from './explain.ts';
import { ShellSession } from './shell-session.ts';

export class Shell extends ConsoleCommand {
  static override summary = 'An interactive prompt: the same commands, over one connection.';
  static override description = describe(
    'Commands are written without "threatguard". Tab completes commands, flags, fields and live values; Ctrl-R searches what was ' +
      'typed before; Ctrl-C ends the command that runs; "help", "exit". The prompt shows the context, and the exit code of the last ' +
      'command where it failed. Lines with a secret in them, and those that begin with a space, are not kept. From a pipe it runs each line, and ends ' +
      'with the exit code of the last.',
  );
  static override examples = [
    '<%= config.bin %> shell',
    '<%= config.bin %> shell --context prod',
    "printf '%s\\n' 'status' 'alerts list --since 1h' | <%= config.bin %> shell --strict",
  ];
  static override flags = {
    strict: Flags.boolean({ summary: 'Stop at the first command that fails, with its exit code.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Shell);
    const output = this.outputFor(flags);
    if (this.invocation.connections) throw new ConsoleError('usage', 'this is the shell already; "exit" leaves it');
    const { stdin, stdout } = this.invocation;
    // A context there is not is said now, and not by every command.
    this.placeOf(flags);
    const { Connections } = await import('../client/connections.ts');
    using connections = new Connections((note) => output.note(note));
    const session = new ShellSession({
      invocation: { ...this.invocation, connections, env: this.#environment(flags) },
      strict: flags.strict ?? false,
    });
    const interactive = Boolean(stdout.isTTY && (stdin as { isTTY?: boolean }).isTTY);
    if (interactive) {
      output.note('commands without "threatguard": help lists them, exit leaves');
      await this.#type(session, output.colour, (text) => output.note(text));
    } else {
      await this.#readLines(session);
    }
    if (session.exitCode !== 0) throw new EndedWith(session.exitCode);
  }

  /** What the shell was started with, its commands are; each may say otherwise. */
  #environment(flags: { home?: string | undefined; context?: string | undefined }) {
    const { env } = this.invocation;
    if (flags.home !== undefined) return { ...env, THREATGUARD_HOME: flags.home, THREATGUARD_CONTEXT: undefined };
    return flags.context === undefined ? env : { ...env, THREATGUARD_CONTEXT: flags.context };
  }

  async #type(session: ShellSession, colour: boolean, note: (text: string) => void): Promise<void> {
    const { stdin, stdout, env, stopped } = this.invocation;
    const [{ LineEditor }, { HISTORY_LINES_MAX, History }, { stateDirectory }] = await Promise.all([
      import('../services/shell/line-editor.ts'),
      import('../services/shell/history.ts'),
      import('../services/xdg.ts'),
    ]);
    const history = new History(stateDirectory(env));
    if (history.problem) note(`lines are not kept: ${history.problem}`);
    using editor = new LineEditor({
      stdin,
      stdout,
      history: history.newestFirst(),
      historyMax: HISTORY_LINES_MAX,
      complete: (line) => session.complete(line),
      mayKeep,
    });
    stopped.addEventListener('abort', () => editor[Symbol.dispose](), { once: true });
    session.warm();
    while (!session.ended && !stopped.aborted) {
      const line = await editor.read(session.prompt(colour));
      if (line === undefined) break;
      history.add(line);
      await session.run(line, { interruptible: true });
    }
  }

  async #readLines(session: ShellSession): Promise<void> {
    const { stdin, stopped } = this.invocation;
    const lines = createInterface({ input: stdin, terminal: false });
    for await (const line of lines) {
      await session.run(line, { interruptible: false });
      if (session.ended || stopped.aborted) break;
    }
    lines.close();
  }
}
