// Gives back memory the agent no longer needs: after its start half of what it holds is code that ran once, pages of
// Node's program and C heap that the start-up dirtied. Under steady use none of it comes back.
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const MIB = 1024 * 1024;
/** Above this the agent looks for what it can give back; below it there is nothing worth the page faults. */
const RESIDENT_BYTES_AIM = 72 * MIB;
/** Growth since the last release that is worth another one at once. */
const GROWTH_BYTES_MIN = 4 * MIB;
const WORK_PER_RELEASE_MS = 250;

let collectGarbage: (() => void) | undefined;

/**
 * V8 does not see that an envelope of 7 KiB costs ten times that outside of its heap (measured: 30 MiB more after a minute of
 * 50 execs a second), and so collects too late. A collection of this heap takes 20 ms.
 */
function exposeCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

/** Part of the address space, as /proc/self/smaps gives it. */
export interface ProgramPart {
  start: bigint;
  bytes: number;
}

/**
 * The parts of a program's file in `smaps` (proc(5)) that are read-only and hold no page of our own: dropped, they come
 * back from the page cache when they are next used. A part with even one changed page (relocations) is not among them.
 */
export function droppableParts(smaps: string, program: string): ProgramPart[] {
  const parts: ProgramPart[] = [];
  let part: ProgramPart | undefined;
  for (const line of smaps.split('\n')) {
    const header = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \S+ *(.*)$/.exec(line);
    if (header) {
      const [, start, end, rights, path] = header;
      const fits = path === program && (rights === 'r-xp' || rights === 'r--p');
      part = fits
        ? { start: BigInt(`0x${start}`), bytes: Number(BigInt(`0x${end}`) - BigInt(`0x${start}`)) }
        : undefined;
    } else if (part && line.startsWith('Anonymous:')) {
      if (/^Anonymous: +0 kB$/.test(line)) parts.push(part);
      part = undefined;
    }
  }
  return parts;
}

/**
 * Says when giving back is worth its price, some 40 ms of processor time: done every few seconds, that was as much as all else a
 * quiet agent does (measured). So it is due when the agent has worked six times as long since the last one, or has grown.
 */
export class ReleaseChoice {
  /** Held at the look after the last release; undefined until then. */
  #restBytes: number | undefined = 0;
  #releasedAtCpuMs = 0;

  /** Asked at every look, with what is resident and what the process has used so far; true is to be followed by a release. */
  isDue(residentBytes: number, cpuMs: number): boolean {
    const grown = this.#restBytes !== undefined && residentBytes >= this.#restBytes + GROWTH_BYTES_MIN;
    this.#restBytes ??= residentBytes;
    if (residentBytes <= RESIDENT_BYTES_AIM) return false;
    if (!grown && cpuMs - this.#releasedAtCpuMs < WORK_PER_RELEASE_MS) return false;
    this.#restBytes = undefined;
    this.#releasedAtCpuMs = cpuMs;
    return true;
  }
}

/** Gives back what can be given back. Gives how many bytes that was. */
export async function releaseMemory(program: string): Promise<number> {
  const before = process.memoryUsage.rss();
  const { dropPages, trimHeap } = await import('../kernel/memory.ts');
  collectGarbage ??= exposeCollector();
  collectGarbage();
  trimHeap();
  for (const part of droppableParts(readFileSync('/proc/self/smaps', 'utf8'), program))
    dropPages(part.start, part.bytes);
  return before - process.memoryUsage.rss();
}
