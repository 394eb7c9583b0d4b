// The best view of processes this host allows: each source is tried in order, and what was not to be had is said.
import type { SensorHealth } from '@threatguard/proto';
import type { Sensor, SensorSink } from '../sensor.ts';
import type { AuditSession } from './audit-session.ts';
import { createAuditSource } from './audit-source.ts';
import { createConnectorSource } from './connector-source.ts';
import { createEbpfSource } from './ebpf-source.ts';
import { createScanSource } from './scan-source.ts';
import { PROCESS_SOURCES, type ProcessSource, type ProcessSourceName } from './source.ts';

export interface ProcessSensorOptions {
  /** `auto` takes the best that works; a name takes that one, and falls back to those after it. */
  source: 'auto' | ProcessSourceName;
  /** Also say when processes end; only eBPF can. Off by default. */
  exits?: boolean;
  /** The connection to the kernel's audit that the sensors share; `off` where it must not be used. */
  audit?: AuditSession | 'off';
}

type Sources = Record<ProcessSourceName, () => ProcessSource>;

/** The process sensor. It starts on every Linux and as any user; `health` says what it sees less of, and why. */
export function createProcessSensor(options: ProcessSensorOptions, sources = sourcesOf(options)): Sensor {
  let active: ProcessSource | undefined;
  let events = 0;
  const refusals: string[] = [];

  return {
    name: 'process',
    async start(sink) {
      const counted: SensorSink = {
        emit(event) {
          events++;
          sink.emit(event);
        },
        lose: (loss) => sink.lose(loss),
      };
      refusals.length = 0;
      const first = options.source === 'auto' ? 0 : PROCESS_SOURCES.indexOf(options.source);
      for (const name of PROCESS_SOURCES.slice(first)) {
        try {
          const source = sources[name]();
          await source.start(counted);
          active = source;
          return;
        } catch (error) {
          refusals.push(`${name}: ${(error as Error).message}`);
        }
      }
      throw new Error(`no way to see processes: ${refusals.join('; ')}`);
    },
    async stop() {
      await active?.stop();
      active = undefined;
    },
    health(): SensorHealth {
      const detail = [...refusals, active?.detail() ?? ''].filter((part) => part !== '').join('; ');
      const state = !active ? 'stopped' : detail === '' ? 'running' : 'degraded';
      return { sensor: 'process', source: active?.name ?? '', state, detail, events };
    },
  };
}

function sourcesOf({ exits = false, audit, source }: ProcessSensorOptions): Sources {
  return {
    ebpf: () => createEbpfSource({ exits }),
    audit: () => {
      if (audit === 'off') throw new Error('switched off in agent.yaml (sensors.audit)');
      return createAuditSource({ session: audit, asked: source === 'audit' });
    },
    'proc-connector': createConnectorSource,
    'proc-scan': createScanSource,
  };
}
