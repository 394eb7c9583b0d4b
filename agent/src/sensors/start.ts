import type { SensorHealth } from '@threatguard/proto';
import type { Logger } from 'pino';
import type { Sensor, SensorSink } from './sensor.ts';

/** Longest wait for one sensor to stop, so that a stuck one cannot hold up the end. */
const STOP_MS_MAX = 3000;

/** A sensor by name and how to make it: making may fail too, where a library does not load on this host. */
export interface SensorPlan {
  name: Sensor['name'];
  create: () => Promise<Sensor>;
}

export interface RunningSensors extends AsyncDisposable {
  /** Each planned sensor, also those that could not start. */
  health(): SensorHealth[];
}

/** Starts every sensor of the plan, all at once. One that fails is reported in `health` and stops neither the others nor the agent. */
export async function startSensors(plans: SensorPlan[], sink: SensorSink, log: Logger): Promise<RunningSensors> {
  const started = await Promise.all(plans.map((plan) => startSensor(plan, sink, log)));
  let stopped: Promise<unknown> | undefined;
  return {
    health: () => started.map((each) => each.health()),
    async [Symbol.asyncDispose]() {
      stopped ??= Promise.all(started.map((each) => each.stop()));
      await stopped;
    },
  };
}

async function startSensor({ name, create }: SensorPlan, sink: SensorSink, log: Logger) {
  try {
    const sensor = await create();
    await sensor.start(sink);
    const { source, state, detail } = sensor.health();
    log.info({ sensor: name, source, state, detail }, 'sensor started');
    return { health: () => sensor.health(), stop: () => stopSensor(sensor, log) };
  } catch (error) {
    const detail = (error as Error).message;
    log.error({ sensor: name, reason: detail }, 'sensor failed to start; the others go on');
    const health: SensorHealth = { sensor: name, source: '', state: 'stopped', detail, events: 0 };
    return { health: () => health, stop: async () => {} };
  }
}

async function stopSensor(sensor: Sensor, log: Logger): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`not within ${STOP_MS_MAX / 1000} s`)), STOP_MS_MAX);
  try {
    await Promise.race([sensor.stop(), promise]);
  } catch (error) {
    log.warn({ sensor: sensor.name, reason: (error as Error).message }, 'sensor did not stop cleanly');
  } finally {
    clearTimeout(timer);
  }
}
