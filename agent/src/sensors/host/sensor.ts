import { readFileSync, statfsSync } from 'node:fs';
import { loadavg, release } from 'node:os';
import { Activity, EventClass, type SensorHealth } from '@threatguard/proto';
import type { Sensor, SensorSink } from '../sensor.ts';
import { type CpuTimes, cpuPercent, parseCpuTimes, parseMemory, parseOsRelease } from './stat-parse.ts';

/** Samples this host every `intervalMs`, and once at the start. */
export function createHostSensor(options: { intervalMs: number }): Sensor {
  return new HostSensor(options.intervalMs);
}

class HostSensor implements Sensor {
  readonly name = 'host';
  readonly #intervalMs: number;
  readonly #os = parseOsRelease(readText('/etc/os-release'));
  #timer: NodeJS.Timeout | undefined;
  #cpu: CpuTimes | undefined;
  #events = 0;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  async start(sink: SensorSink): Promise<void> {
    this.#cpu = parseCpuTimes(readText('/proc/stat'));
    this.#sample(sink);
    this.#timer = setInterval(() => this.#sample(sink), this.#intervalMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  health(): SensorHealth {
    const state = this.#timer ? 'running' : 'stopped';
    return { sensor: 'host', source: 'proc', state, detail: '', events: this.#events };
  }

  #sample(sink: SensorSink): void {
    const cpu = parseCpuTimes(readText('/proc/stat'));
    const percent = cpuPercent(this.#cpu, cpu);
    this.#cpu = cpu;
    const memory = parseMemory(readText('/proc/meminfo'));
    const disk = diskBytes('/');
    this.#events++;
    sink.emit({
      observedAtUs: Date.now() * 1000,
      class: EventClass.HOST,
      activity: Activity.SAMPLE,
      sensor: 'host',
      host: {
        osName: this.#os.name,
        osVersion: this.#os.version,
        kernel: release(),
        cpuPercent: percent,
        memoryUsedBytes: memory.usedBytes,
        memoryTotalBytes: memory.totalBytes,
        diskUsedBytes: disk.used,
        diskTotalBytes: disk.total,
        load1: loadavg()[0] ?? 0,
      },
    });
  }
}

/** Empty where it cannot be read: a sample then lacks that part. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function diskBytes(path: string): { used: number; total: number } {
  try {
    const { blocks, bfree, bsize } = statfsSync(path);
    return { used: (blocks - bfree) * bsize, total: blocks * bsize };
  } catch {
    return { used: 0, total: 0 }; // a root file system that does not answer statfs: the sample goes without
  }
}
