// Short-lived processes at a rate, counted by the shells that started them: what an agent saw is held against that.
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';

/** Each starts half: one shell alone forks and waits some 1,500 times a second. */
const SHELLS = 2;
const TICK_MS = 50;
/** A machine that cannot start them so fast gets this much longer, then the rest is not started. */
const LATE_FACTOR_MAX = 3;

/** Arguments of every process: a name of its own, and some that a cut would show. */
export const LOAD_ARGUMENTS = "with 'all arguments' --of=it";
const SCRIPT = `n=0; while read -r k; do while [ "$k" -gt 0 ]; do /bin/true "$1-$n" ${LOAD_ARGUMENTS}; n=$((n+1)); k=$((k-1)); done; done; echo $n`;

export interface ExecRun {
  /** Processes that were started. */
  execs: number;
  seconds: number;
  /** Of the processes that started them and those themselves. */
  startedAtMs: number;
}

/** Starts `perSecond` processes for so long; the first argument of each begins with `tag`. Aborted, it ends its shells. */
export async function runExecs(order: {
  tag: string;
  perSecond: number;
  seconds: number;
  signal: AbortSignal;
}): Promise<ExecRun> {
  const { tag, perSecond, seconds, signal } = order;
  const shells = Array.from({ length: SHELLS }, (_, shell) => startShell(`${tag}-${shell}`, signal));
  const startedAtMs = Date.now();
  const sinceMs = performance.now();
  let ordered = 0;
  for (let tick = 1; tick * TICK_MS <= seconds * 1000; tick++) {
    await setTimeout(Math.max(0, sinceMs + tick * TICK_MS - performance.now()), undefined, { signal });
    const due = Math.floor((perSecond * tick * TICK_MS) / 1000) - ordered;
    ordered += due;
    const half = Math.floor(due / SHELLS);
    // By turns, so that an odd one does not always go to the same.
    for (const [shell, { child }] of shells.entries()) {
      child.stdin!.write(`${half + ((tick + shell) % SHELLS < due % SHELLS ? 1 : 0)}\n`);
    }
  }
  for (const { child } of shells) child.stdin!.end();
  const late = setTimeout(seconds * 1000 * LATE_FACTOR_MAX, 'late', { ref: false });
  const counts = await Promise.race([Promise.all(shells.map(({ count }) => count)), late]);
  if (counts === 'late') throw new Error(`this machine does not start ${perSecond} processes a second`);
  const execs = (counts as number[]).reduce((sum, count) => sum + count, 0);
  return { execs, seconds: (performance.now() - sinceMs) / 1000, startedAtMs };
}

function startShell(tag: string, signal: AbortSignal): { child: ChildProcess; count: Promise<number> } {
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'sh', tag], { stdio: ['pipe', 'pipe', 'inherit'], signal });
  let output = '';
  child.stdout!.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  const count = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve(Number(output)));
  });
  // Who waits hears of it; before that nobody may.
  count.catch(() => undefined);
  child.stdin!.on('error', () => undefined);
  return { child, count };
}
