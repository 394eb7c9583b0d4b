// The best view of the network this host allows: eBPF, and where that is not to be had sock_diag; never both for one fact.
import type { SensorHealth } from '@threatguard/proto';
import type { Sensor, SensorSink } from '../sensor.ts';
import { createDiagSensor } from './diag-sensor.ts';
import { createEbpfSensor } from './ebpf-sensor.ts';

export interface NetworkSensorOptions {
  /** How often sock_diag is asked: for everything, or beside eBPF for UDP services. */
  intervalMs: number;
  /** So many times slower while the agent has to save. */
  pace?: (() => number) | undefined;
}

interface Sensors {
  ebpf: () => Sensor;
  diag: () => Sensor;
}

/** The network sensor. `start` rejects where neither is to be had; `health` says what is seen less of, and why. */
export function createNetworkSensor(options: NetworkSensorOptions, sensors = sensorsOf(options)): Sensor {
  let active: Sensor | undefined;
  let refusal = '';

  return {
    name: 'network',
    async start(sink: SensorSink) {
      refusal = '';
      const best = sensors.ebpf();
      try {
        await best.start(sink);
        active = best;
      } catch (error) {
        refusal = `ebpf: ${(error as Error).message}`;
        const next = sensors.diag();
        await next.start(sink);
        active = next;
      }
    },
    async stop() {
      await active?.stop();
    },
    health(): SensorHealth {
      const health = active?.health() ?? { sensor: 'network', source: '', state: 'stopped', detail: '', events: 0 };
      if (refusal === '') return health;
      const state = health.state === 'running' ? 'degraded' : health.state;
      return { ...health, state, detail: [refusal, health.detail].filter((part) => part !== '').join('; ') };
    },
  };
}

function sensorsOf({ intervalMs, pace }: NetworkSensorOptions): Sensors {
  return {
    ebpf: () => createEbpfSensor({ intervalMs, pace }),
    diag: () => createDiagSensor({ intervalMs, pace, tcp: true }),
  };
}
