// What is known of agents only while the collector runs: who is connected, and what their last hello or heartbeat said.
import type { SensorHealth } from '@threatguard/proto';
import { cleanText } from './clean-text.ts';

const SENSORS_MAX = 16;
const SENSOR_TEXT_CHARS_MAX = 512;

export interface LiveAgent {
  connected: boolean;
  address: string;
  lastHeardAtUs: number;
  /** Collector's clock minus the host's. */
  clockOffsetUs: number;
  sensors: SensorHealth[];
  spooledEnvelopes: number;
}

/** One entry per agent that connected since start: bounded by the fleet. */
export class Presence {
  readonly #live = new Map<string, LiveAgent>();

  get(agentId: string): LiveAgent | undefined {
    return this.#live.get(agentId);
  }

  connectedCount(): number {
    let count = 0;
    for (const agent of this.#live.values()) if (agent.connected) count++;
    return count;
  }

  connected(agentId: string, seen: Omit<LiveAgent, 'connected'>): void {
    this.#live.set(agentId, { ...seen, connected: true, sensors: cleanSensors(seen.sensors) });
  }

  heard(agentId: string, seen: { atUs: number; sensors?: SensorHealth[]; spooledEnvelopes?: number }): void {
    const agent = this.#live.get(agentId);
    if (!agent) return;
    agent.lastHeardAtUs = seen.atUs;
    agent.sensors = seen.sensors ? cleanSensors(seen.sensors) : agent.sensors;
    agent.spooledEnvelopes = seen.spooledEnvelopes ?? agent.spooledEnvelopes;
  }

  setClockOffset(agentId: string, clockOffsetUs: number): void {
    const agent = this.#live.get(agentId);
    if (agent) agent.clockOffsetUs = clockOffsetUs;
  }

  disconnected(agentId: string): void {
    const agent = this.#live.get(agentId);
    if (agent) agent.connected = false;
  }
}

function cleanSensors(sensors: SensorHealth[]): SensorHealth[] {
  const text = (value: string | undefined) => cleanText(value, SENSOR_TEXT_CHARS_MAX);
  return sensors.slice(0, SENSORS_MAX).map((sensor) => ({
    sensor: text(sensor.sensor),
    source: text(sensor.source),
    state: text(sensor.state),
    detail: text(sensor.detail),
    events: sensor.events,
  }));
}
