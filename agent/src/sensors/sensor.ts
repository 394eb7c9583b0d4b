import type { HostEvent, Loss, SensorHealth } from '@threatguard/proto';

/** Where a sensor puts what it saw, and what it knows it missed. Neither ever blocks or throws. */
export interface SensorSink {
  /**
   * `durable` is called once, in the order of the emits, in the moment before the event is spooled (or when it was dropped and
   * counted as a loss). A sensor with a position moves it then, in memory only, and never sooner: the record that holds the
   * event holds the position too (see Checkpoints), so that `kill -9` neither repeats an event nor loses one.
   */
  emit(event: HostEvent, durable?: () => void): void;
  lose(loss: Loss): void;
}

/** Positions of what is read, kept in the spool: written in one write with the events read up to them. */
export interface Checkpoints {
  /** What the spool last held under this name. A source's own file may hold a newer one; both carry a revision. */
  recovered(name: string): string | undefined;
  /**
   * From now on `position` is asked for each batch, also after the source stopped; until it gives one, what was recovered
   * stays. It is text of at most 8 KiB, made at once, and must not throw.
   */
  register(name: string, position: () => string | undefined): void;
  /** Resolves when all that was spooled before the call is on disk: only then may a source's own file say that it was read. */
  synced(): Promise<void>;
}

/**
 * A source of events on this host. Each is two files: one owns the descriptor, the other turns bytes into events.
 * `start` fails only where the sensor cannot see anything at all; what it sees less of it says in `health`.
 */
export interface Sensor {
  readonly name: 'auth' | 'process' | 'network' | 'file' | 'host' | 'import' | 'dns';
  start(sink: SensorSink): Promise<void>;
  /** Safe twice; no event is emitted after it resolves. */
  stop(): Promise<void>;
  health(): SensorHealth;
}
