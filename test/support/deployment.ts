import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from './source-files.ts';
import { until } from './until.ts';

const THREATGUARD = join(ROOT, 'node_modules', '.bin', 'threatguard');

/** One alert as `--output json` prints it. */
export type AlertLine = Record<string, unknown> & {
  id: string;
  title: string;
  rule: { id: string };
  severity: string;
  reason: string;
};

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** A whole deployment of its own: `threatguard up` as a person starts it, in a state directory that goes with it. */
export class Deployment implements AsyncDisposable {
  readonly home: string;
  readonly alerts: AlertLine[] = [];
  /** What stood on stdout and was not an alert; must stay empty. */
  readonly strayOutput: string[] = [];
  notes = '';
  #up: ChildProcess | undefined;
  #upArguments: string[] = [];

  constructor() {
    this.home = mkdtempSync(join(tmpdir(), 'threatguard-home-'));
  }

  /** Starts it and waits until its agent is connected. */
  async start(upArguments: string[] = this.#upArguments, environment: Record<string, string> = {}): Promise<void> {
    this.#upArguments = upArguments;
    const up = spawn(
      THREATGUARD,
      ['up', '--home', this.home, '--output', 'json', '--no-view', '--listen', '127.0.0.1:0', ...upArguments],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment } },
    );
    this.#up = up;
    createInterface({ input: up.stdout }).on('line', (line) => {
      try {
        this.alerts.push(JSON.parse(line));
      } catch {
        this.strayOutput.push(line);
      }
    });
    up.stderr.setEncoding('utf8').on('data', (text) => {
      this.notes += text;
    });
    await until(
      async () => {
        if (up.exitCode !== null) throw new Error(`threatguard up ended with ${up.exitCode}:\n${this.notes}`);
        // Each question is a process of its own, which keeps those it asks about from starting.
        if (!this.notes.includes('the collector listens')) return false;
        const { code, stdout } = await this.command('agents', 'list', '--output', 'json');
        return code === 0 && stdout.includes('"connected"');
      },
      { limitMs: 60_000, what: () => `the agent to be connected; up said:\n${this.notes}` },
    );
  }

  /** Ctrl-C, as a terminal sends it to `up`; resolves with its exit code. */
  async stop(): Promise<number> {
    const up = this.#up;
    if (!up || up.exitCode !== null) return up?.exitCode ?? 0;
    const ended = new Promise<number>((resolve) => up.once('exit', (code) => resolve(code ?? -1)));
    up.kill('SIGINT');
    return await ended;
  }

  /** Runs a console command against this deployment. */
  command(...words: string[]): Promise<CommandResult> {
    return new Promise((resolve) => {
      const options = {
        env: { ...process.env, THREATGUARD_HOME: this.home, NO_COLOR: '1' },
        maxBuffer: 64 * 1024 * 1024,
      };
      execFile(THREATGUARD, words, options, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
      });
    });
  }

  /** The alert that fits, as soon as it is printed. */
  alert(fits: (alert: AlertLine) => boolean, what: string): Promise<AlertLine> {
    return until(() => this.alerts.find(fits), {
      limitMs: 15_000,
      what: () =>
        `an alert: ${what}; printed were:\n${this.alerts.map((alert) => `${alert.title}: ${alert.reason}`).join('\n')}\n${this.notes}`,
    });
  }

  log(name: 'collector' | 'agent' | 'nats'): string {
    return readFileSync(join(this.home, 'logs', `${name}.log`), 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.home, { recursive: true, force: true });
  }
}
