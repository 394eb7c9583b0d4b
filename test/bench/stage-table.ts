// Where the time of an event goes in the collector, by thread and stage.
import type { CpuReading } from './bench-collector.ts';
import { printFigure } from './report.ts';

/** Time in it is time waited for, not CPU. */
const ELAPSED_STAGES = new Set(['commit']);

interface ThreadStages {
  thread: string;
  stagesMs: Record<string, number>;
}

/** What the collector's stage clocks said at its end: a line of its log with a list of `threads`. */
function stagesOf(lines: readonly Record<string, unknown>[]): ThreadStages[] {
  return lines.flatMap((line) => line.threads as ThreadStages[]);
}

/** Microseconds of each stage for each event of those that were stored since the collector started. */
export function printStages(lines: readonly Record<string, unknown>[], events: number): Record<string, number> {
  const usPerEvent: Record<string, number> = {};
  for (const { thread, stagesMs } of stagesOf(lines)) {
    for (const [stage, ms] of Object.entries(stagesMs)) {
      // A stage is a thread's or another's.
      if (ms === 0) continue;
      const name = `${thread} ${stage}`;
      usPerEvent[name] = (ms * 1000) / events;
      const kind = ELAPSED_STAGES.has(stage) ? 'µs an event, elapsed' : 'µs an event';
      printFigure(`  stage ${name}`, `${usPerEvent[name].toFixed(2)} ${kind}`);
    }
  }
  return usPerEvent;
}

/** CPU of the collector's threads between two readings, for each event in between; what takes next to nothing is left out. */
export function printThreads(before: CpuReading, after: CpuReading, events: number): void {
  const spent = [...after.threads]
    .map(([name, seconds]) => ({ name, us: ((seconds - (before.threads.get(name) ?? 0)) * 1e6) / events }))
    .filter(({ us }) => us >= 0.05)
    .toSorted((a, b) => b.us - a.us);
  for (const { name, us } of spent) printFigure(`  thread ${name}`, `${us.toFixed(2)} µs an event`);
}
