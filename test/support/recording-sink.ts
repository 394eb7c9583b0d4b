import type { HostEvent, Loss } from '@threatguard/proto';
import type { SensorSink } from '../../agent/src/sensors/sensor.ts';

/** A sink that keeps what it was given, in order. */
export class RecordingSink implements SensorSink {
  readonly events: HostEvent[] = [];
  readonly losses: Loss[] = [];

  emit(event: HostEvent): void {
    this.events.push(event);
  }

  lose(loss: Loss): void {
    this.losses.push(loss);
  }
}
