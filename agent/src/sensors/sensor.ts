import type { HostEvent, Loss, SensorHealth } from '@threatguard/proto';

/** Where a sensor puts what it saw, and what it knows it missed. Neither ever blocks or throws. */
export interface SensorSink {
  /**
   * `durable` is called once, when the event stands in the spool (or was dropped there and counted as a loss), in the order of
   * the emits: a sensor with a cursor moves it then and never sooner, so that `kill -9` repeats an event rather than loses it.
   */
  emit(event: HostEvent, durable?: () => void): void;
  lose(loss: Loss): void;
}

/**
 * A source of events on this host. Each is two files: one owns the descriptor, the other turns bytes into events.
 * `start` fails only where the sensor cannot see anything at all; what it sees less of it says in `health`.
 */
export interface Sensor {
  readonly name: 'auth' | 'process' | 'network' | 'file' | 'host';
  start(sink: SensorSink): Promise<void>;
  /** Safe twice; no event is emitted after it resolves. */
  stop(): Promise<void>;
  health(): SensorHealth;
}
