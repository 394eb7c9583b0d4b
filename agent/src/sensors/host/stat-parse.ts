// Text of /proc and os-release to numbers and names. Pure.

export interface CpuTimes {
  busy: number;
  total: number;
}

/** The first line of /proc/stat, in clock ticks (proc_stat(5)); idle and iowait are not busy. */
export function parseCpuTimes(text: string): CpuTimes | undefined {
  const match = /^cpu +([\d ]+)/.exec(text);
  if (!match) return undefined;
  // Guest time (9th and 10th) is contained in user and nice already.
  const ticks = match[1]!.trim().split(/ +/).slice(0, 8).map(Number);
  const total = ticks.reduce((sum, value) => sum + value, 0);
  return { busy: total - (ticks[3] ?? 0) - (ticks[4] ?? 0), total };
}

/** Share of the time between two readings that was busy, 0 to 100 over all processors. */
export function cpuPercent(before: CpuTimes | undefined, after: CpuTimes | undefined): number {
  if (!before || !after || after.total <= before.total) return 0;
  return Math.min(100, Math.max(0, (100 * (after.busy - before.busy)) / (after.total - before.total)));
}

/** MemTotal and what is not MemAvailable of /proc/meminfo (proc_meminfo(5)), in bytes. */
export function parseMemory(text: string): { totalBytes: number; usedBytes: number } {
  const read = (key: string) => Number(new RegExp(`^${key}: +(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024;
  const totalBytes = read('MemTotal');
  return { totalBytes, usedBytes: Math.max(0, totalBytes - read('MemAvailable')) };
}

/** NAME and VERSION_ID of os-release(5). */
export function parseOsRelease(text: string): { name: string; version: string } {
  const read = (key: string) => new RegExp(`^${key}=["']?([^"'\\n]*)`, 'm').exec(text)?.[1] ?? '';
  return { name: read('NAME'), version: read('VERSION_ID') };
}
