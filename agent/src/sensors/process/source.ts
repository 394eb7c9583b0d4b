import type { SensorSink } from '../sensor.ts';

/** One way to see processes start, best first. */
export const PROCESS_SOURCES = ['ebpf', 'audit', 'proc-connector', 'proc-scan'] as const;
export type ProcessSourceName = (typeof PROCESS_SOURCES)[number];

/**
 * Turns one facility of the kernel into process events. `start` rejects where the facility is not to be had, with a
 * message for people that says why and what would fix it, and leaves nothing behind; the sensor then tries the next.
 */
export interface ProcessSource {
  readonly name: ProcessSourceName;
  start(sink: SensorSink): Promise<void>;
  /** Safe twice; no event is emitted after it resolves. */
  stop(): Promise<void>;
  /** What this source cannot see even while it runs; empty where it sees everything. */
  detail(): string;
}
