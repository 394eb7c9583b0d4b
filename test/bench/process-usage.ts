// What processes use, from proc(5).
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Database } from '../../collector/src/store/database.ts';

/** Linux counts in hundredths of a second wherever a program may see it. */
const TICKS_PER_SECOND = 100;
const SAMPLE_MS = 1_000;

/** Fields of a stat file after the name, which may hold anything: state is the first. */
function statFields(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function seconds(fields: string[], ...indexes: number[]): number {
  return indexes.reduce((sum, index) => sum + Number(fields[index]), 0) / TICKS_PER_SECOND;
}

/** User and system time of a process with all its threads. */
export function cpuSeconds(pid: number): number {
  return seconds(statFields(`/proc/${pid}/stat`), 11, 12);
}

/** The same with its children, ended ones included. A child that ends meanwhile is counted at its parent. */
export function treeCpuSeconds(pid: number): number {
  let sum = seconds(statFields(`/proc/${pid}/stat`), 11, 12, 13, 14);
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const fields = statFields(`/proc/${entry}/stat`);
      if (Number(fields[1]) === pid) sum += seconds(fields, 11, 12);
    } catch (error) {
      if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  return sum;
}

/** CPU of each thread by its name; those of one name together. */
export function threadSeconds(pid: number): Map<string, number> {
  const threads = new Map<string, number>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const path = `/proc/${pid}/task/${thread}`;
    const name = readFileSync(`${path}/comm`, 'utf8').trim();
    threads.set(name, (threads.get(name) ?? 0) + seconds(statFields(`${path}/stat`), 11, 12));
  }
  return threads;
}

/** VmRSS is what a process holds now, VmHWM the most it ever held. */
export function residentMiB(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
}

/** Resident memory of a process, every second until it is stopped. */
export class ResidentSampler implements Disposable {
  readonly samplesMiB: number[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.samplesMiB.push(residentMiB(pid, 'VmRSS'));
    this.#timer = setInterval(() => {
      // A process that ended is missed by whoever waits for it.
      if (existsSync(`/proc/${pid}/statm`)) this.samplesMiB.push(residentMiB(pid, 'VmRSS'));
    }, SAMPLE_MS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** The process whose children serve a PostgreSQL database; undefined where it does not run on this machine. */
export async function postgresProcess(database: Database): Promise<number | undefined> {
  const [row] = await database.query('select pg_backend_pid() as pid');
  try {
    if (!readFileSync(`/proc/${row!.pid}/comm`, 'utf8').startsWith('postgres')) return undefined;
    return Number(statFields(`/proc/${row!.pid}/stat`)[1]);
  } catch {
    // Another machine, or another container: its numbers of processes say nothing here.
    return undefined;
  }
}
