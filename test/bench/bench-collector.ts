// A collector as an operator runs it, in a process of its own, and what it used.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '../../collector/src/store/database.ts';
import { consoleIdentityOf } from '../support/agent-identity.ts';
import { CollectorProcess, ConsoleClient, initTestHome } from '../support/collector.ts';
import type { BenchDatabase } from './bench-engines.ts';
import { cpuSeconds, postgresProcess, residentMiB, threadSeconds, treeCpuSeconds } from './process-usage.ts';
import type { Scope } from './scope.ts';

const TOKEN_SECONDS = 3600;

/** CPU so far, in seconds. */
export interface CpuReading {
  collector: number;
  threads: Map<string, number>;
  /** Undefined where the database is no process of this machine; the embedded one is a thread of the collector. */
  database: number | undefined;
}

export class BenchCollector {
  readonly home: string;
  readonly process: CollectorProcess;
  readonly #postgres: number | undefined;

  private constructor(home: string, process: CollectorProcess, postgres: number | undefined) {
    this.home = home;
    this.process = process;
    this.#postgres = postgres;
  }

  /** Serves when this resolves. `profile` is a directory where its threads leave CPU profiles when it stops. */
  static async start(
    scope: Scope,
    { url, open }: BenchDatabase,
    options: { home: string; profile?: string | undefined },
  ): Promise<BenchCollector> {
    const environment: Record<string, string> = { THREATGUARD_STAGE_CLOCK: '1' };
    if (url) environment.THREATGUARD_DATABASE_URL = url;
    if (options.profile) environment.NODE_OPTIONS = `--cpu-prof --cpu-prof-dir=${options.profile}`;
    const process = await scope.hold(CollectorProcess.start(options.home, environment));
    const postgres = url ? await asked(open(''), postgresProcess) : undefined;
    return new BenchCollector(options.home, process, postgres);
  }

  get address(): string {
    return this.process.address;
  }

  get pid(): number {
    return this.process.child.pid!;
  }

  get storeDirectory(): string {
    return join(this.home, 'collector', 'store');
  }

  async createToken(uses: number): Promise<string> {
    using client = new ConsoleClient(this.address, consoleIdentityOf(this.home));
    return (await client.createToken({ uses, validSeconds: TOKEN_SECONDS })).token!;
  }

  readCpu(): CpuReading {
    return {
      collector: cpuSeconds(this.pid),
      threads: threadSeconds(this.pid),
      database: this.#postgres === undefined ? undefined : treeCpuSeconds(this.#postgres),
    };
  }

  residentMiB(): { now: number; peak: number } {
    return { now: residentMiB(this.pid, 'VmRSS'), peak: residentMiB(this.pid, 'VmHWM') };
  }

  /** Ends it; resolves with the lines of its log that say where the time went. */
  async stop(): Promise<Record<string, unknown>[]> {
    const code = await this.process.stop();
    const { log } = this.process;
    if (code !== 0) throw new Error(`the collector ended with ${code}: ${JSON.stringify(log.at(-1))}`);
    return log.filter((line) => line.msg === 'stages');
  }
}

/** A state directory, keys and CA included, that goes with the scope. */
export async function makeHome(scope: Scope): Promise<string> {
  const home = await initTestHome();
  scope.defer(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

async function asked<T>(database: Database, question: (database: Database) => Promise<T>): Promise<T> {
  await using open = database;
  return await question(open);
}
