import { mkdirSync, readFileSync, statfsSync } from 'node:fs';
import { loadavg, release } from 'node:os';
import { dirname } from 'node:path';
import { Activity, EventClass, type SensorHealth } from '@threatguard/proto';
import type { Sensor, SensorSink } from '../sensor.ts';
import { inventoryKinds } from './inventory.ts';
import { InventoryWatch } from './inventory-watch.ts';
import { type CpuTimes, cpuPercent, parseCpuTimes, parseMemory, parseOsRelease } from './stat-parse.ts';

export interface HostSensorOptions {
  intervalMs: number;
  /** The collector's clock minus ours, as measured at the last connection. */
  clockOffsetUs?: () => number | undefined;
  /** Where the inventory last told is kept; without it none is made. */
  inventoryFile?: string;
}

/** The inventory is looked at this often; what has not changed is not read again. */
const INVENTORY_MS = 60_000;

/** Samples this host every `intervalMs`, and once at the start; tells its inventory, and then what changes of it. */
export function createHostSensor(options: HostSensorOptions): Sensor {
  return new HostSensor(options);
}

class HostSensor implements Sensor {
  readonly name = 'host';
  readonly #options: HostSensorOptions;
  readonly #inventory: InventoryWatch | undefined;
  readonly #os = parseOsRelease(readText('/etc/os-release'));
  #timer: NodeJS.Timeout | undefined;
  #inventoryTimer: NodeJS.Timeout | undefined;
  #sink: SensorSink | undefined;
  #cpu: CpuTimes | undefined;
  #events = 0;

  constructor(options: HostSensorOptions) {
    this.#options = options;
    if (options.inventoryFile) this.#inventory = new InventoryWatch(inventoryKinds(), options.inventoryFile);
  }

  async start(sink: SensorSink): Promise<void> {
    this.#cpu = parseCpuTimes(readText('/proc/stat'));
    this.#sample(sink);
    this.#timer = setInterval(() => this.#sample(sink), this.#options.intervalMs);
    this.#sink = sink;
    if (!this.#options.inventoryFile) return;
    mkdirSync(dirname(this.#options.inventoryFile), { recursive: true, mode: 0o700 });
    this.#inventoryTimer = setInterval(() => void this.#takeInventory(), INVENTORY_MS);
    void this.#takeInventory();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    clearInterval(this.#inventoryTimer);
    this.#timer = undefined;
    this.#sink = undefined;
    await this.#inventory?.settled();
  }

  health(): SensorHealth {
    const detail = this.#inventory?.problem ?? '';
    const state = !this.#timer ? 'stopped' : detail ? 'degraded' : 'running';
    const source = this.#inventory ? 'proc, inventory' : 'proc';
    return { sensor: 'host', source, state, detail, events: this.#events };
  }

  async #takeInventory(): Promise<void> {
    const emit: SensorSink['emit'] = (event, durable) => this.#sink?.emit(event, durable);
    this.#events += (await this.#inventory?.look({ emit, lose: (loss) => this.#sink?.lose(loss) })) ?? 0;
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
        clockOffsetUs: this.#options.clockOffsetUs?.(),
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
