// The host comes first: all threads of the agent, and those they will start, stand behind ordinary work for CPU and disk.
import { readdirSync } from 'node:fs';
import { setPriority } from 'node:os';

/** Best effort, the last of its eight levels (ioprio_set(2)): behind every other, yet never starved as `idle` would be. */
const IO_LEVEL = 7;

/** Takes effect at once; gives what was reached, for the log. A host that refuses is no reason not to run. */
export async function yieldToHost(nice: number): Promise<string> {
  const reached = onEveryThread(`nice ${nice}`, (thread) => setPriority(thread, nice));
  try {
    const { setIoPriority } = await import('../kernel/libc.ts');
    const level = `best-effort I/O level ${IO_LEVEL}`;
    return `${reached}, ${onEveryThread(level, (thread) => setIoPriority(thread, IO_LEVEL))}`;
  } catch (error) {
    return `${reached}, I/O priority as it was (${(error as Error).message})`;
  }
}

/** Linux keeps both by thread; threads that start later inherit them. */
function onEveryThread(what: string, set: (thread: number) => void): string {
  try {
    for (const thread of readdirSync('/proc/self/task')) set(Number(thread));
    return what;
  } catch (error) {
    return `${what} refused (${(error as Error).message})`;
  }
}
