import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ConsoleError } from '../../model/console-error.ts';
import { identifyProcess, isRunning, type ProcessIdentity } from './process-identity.ts';

// HOME/up.json says which `up` runs this deployment and which children it started. Invariant: it names every child that
// runs, so whoever takes over after a kill -9 ends them first; two `up` never share a state directory.

/** Children left over are asked to stop for this long, then killed. */
const LEFTOVER_STOP_MS_MAX = 10_000;

/** What sends before what it sends to. */
const STOP_ORDER = ['agent', 'collector', 'nats'] as const;
export type ChildName = (typeof STOP_ORDER)[number];

interface RunRecord {
  up: ProcessIdentity;
  children: Partial<Record<ChildName, ProcessIdentity>>;
}

export class RunFile implements Disposable {
  readonly #path: string;
  readonly #record: RunRecord;

  private constructor(path: string, record: RunRecord) {
    this.#path = path;
    this.#record = record;
  }

  /** Takes the state directory for this process. Throws `refused` while another `up` runs it. */
  static async take(home: string, options: { pid: number; onNote(note: string): void }): Promise<RunFile> {
    const path = join(home, 'up.json');
    const record: RunRecord = { up: identifyProcess(options.pid)!, children: {} };
    if (!claim(path, record)) {
      const before = readRecord(path);
      if (before && isRunning(before.up)) {
        throw new ConsoleError(
          'refused',
          `${home} is run by another "threatguard up" (process ${before.up.pid}); stop that one, or give another --home`,
        );
      }
      if (before) await endLeftovers(before, options.onNote);
      rmSync(path, { force: true });
      if (!claim(path, record)) throw new ConsoleError('refused', `another "threatguard up" has just taken ${home}`);
    }
    return new RunFile(path, record);
  }

  /** Remembers a child that was just started; forgets it where it has no process any more. */
  noteChild(name: ChildName, pid: number | undefined): void {
    const identity = pid === undefined ? undefined : identifyProcess(pid);
    if (identity) this.#record.children[name] = identity;
    else delete this.#record.children[name];
    const next = `${this.#path}.next`;
    writeFileSync(next, JSON.stringify(this.#record), { mode: 0o600 });
    renameSync(next, this.#path);
  }

  [Symbol.dispose](): void {
    rmSync(this.#path, { force: true });
  }
}

// link(2) fails where the name exists and shows the file only once it is whole.
function claim(path: string, record: RunRecord): boolean {
  const own = `${path}.${record.up.pid}`;
  writeFileSync(own, JSON.stringify(record), { mode: 0o600 });
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

function readRecord(path: string): RunRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(path, 'utf8')) as Partial<RunRecord>;
    return record.up ? { up: record.up, children: record.children ?? {} } : undefined;
  } catch (error) {
    // A file that is gone or was never whole names nobody; anything else is for the operator.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Ends what a killed `up` left running, in the order in which `up` itself would have. */
async function endLeftovers(record: RunRecord, onNote: (note: string) => void): Promise<void> {
  for (const name of STOP_ORDER) {
    const identity = record.children[name];
    if (!identity || !isRunning(identity)) continue;
    onNote(`ending the ${name} that an earlier "threatguard up" left running (process ${identity.pid})`);
    process.kill(identity.pid, 'SIGTERM');
    const deadline = Date.now() + LEFTOVER_STOP_MS_MAX;
    while (isRunning(identity) && Date.now() < deadline) await wait(50);
    if (isRunning(identity)) process.kill(identity.pid, 'SIGKILL');
  }
}
