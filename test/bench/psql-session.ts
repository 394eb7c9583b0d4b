import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { serverPath } from '../support/servers.ts';

/** One psql, as a person would have it open: a statement at a time, and the time psql says it took. */
export class PsqlSession implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  constructor(url: string) {
    const psql = join(dirname(realpathSync(serverPath('postgres')!)), 'psql');
    this.#child = spawn(psql, ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', url], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stderr.resume();
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#child.stdin.write('\\timing on\n');
  }

  /** Milliseconds, as `\timing` prints them. */
  async run(sql: string): Promise<number> {
    this.#child.stdin.write(`${sql.replaceAll('\n', ' ')};\n`);
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`psql ended at: ${sql}`);
      const match = /^Time: ([\d.]+) ms/.exec(value);
      if (match) return Number(match[1]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.stdin.end('\\q\n');
    await gone;
  }
}
