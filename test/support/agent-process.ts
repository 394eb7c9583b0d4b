// An agent in a process of its own, enrolled for real, that follows one log and nothing else of this host.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { readHostMarks } from '../../agent/src/host-facts.ts';
import { enrol } from '../../agent/src/identity/enrol.ts';
import { endChild } from './child-server.ts';
import { ROOT } from './source-files.ts';
import { until } from './until.ts';

const READY_MS_MAX = 30_000;

export class AgentProcess implements AsyncDisposable {
  /** What it logged so far, one JSON object per line. */
  readonly log: Record<string, unknown>[] = [];
  readonly #child: ChildProcess;

  private constructor(home: string, environment: Record<string, string>) {
    const program = join(ROOT, 'agent', 'bin', 'threatguard-agent.js');
    this.#child = spawn(process.execPath, [program, 'run', '--home', home], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...environment },
    });
    createInterface({ input: this.#child.stderr! }).on('line', (line) => {
      if (line.startsWith('{')) this.log.push(JSON.parse(line));
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Makes a home whose agent follows `log`, enrolled at the collector; nothing else of this host unless `settings` say so. */
  static async enrol(parts: {
    home: string;
    log: string;
    collector: string;
    token: string;
    name?: string;
    /** Text of agent.yaml. */
    settings?: string;
  }): Promise<void> {
    const { home, log, collector, token, name = 'crash-agent', settings } = parts;
    mkdirSync(home, { recursive: true });
    await enrol({ home, collector, token, name, ...readHostMarks(), force: false });
    if (settings !== undefined) return writeFileSync(join(home, 'agent.yaml'), settings);
    const off = ['process', 'network', 'file', 'host'].map((name) => `  ${name}: { enabled: false }\n`).join('');
    const auth = `  auth: { logs: [${log}], journal: off }\n`;
    writeFileSync(join(home, 'agent.yaml'), `spool: { bytesMax: 33554432 }\nsensors:\n${auth}${off}`);
  }

  static async start(home: string, environment: Record<string, string> = {}): Promise<AgentProcess> {
    const agent = new AgentProcess(home, environment);
    await agent.said('ready', READY_MS_MAX);
    return agent;
  }

  /** Waits until it has logged this. */
  said(msg: string, limitMs: number): Promise<unknown> {
    const what = () => `the agent to say "${msg}"; it said ${JSON.stringify(this.log.slice(-10))}`;
    return until(() => this.log.some((line) => line.msg === msg), { limitMs, what });
  }

  stop(signal: NodeJS.Signals): Promise<void> {
    return endChild(this.#child, signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop('SIGKILL');
  }
}
