import type { SensorHealth } from '@threatguard/proto';
import type { Logger } from 'pino';
import type { Sensor, SensorSink } from './sensor.ts';

/**
 * Longest wait for one sensor to stop, so that a stuck one cannot hold up the end. Kernel audit takes 13 ms to take back one
 * of up to 256 rules.
 */
const STOP_MS_MAX = 10_000;
/** What keeps a sensor from starting may pass: a service not up yet, a limit another process holds. */
const RETRY_MS_MIN = 5_000;
const RETRY_MS_MAX = 5 * 60_000;

/** A sensor by name and how to make it: making may fail too, where a library does not load on this host. */
export interface SensorPlan {
  name: Sensor['name'];
  create: () => Promise<Sensor>;
}

export interface RunningSensors extends AsyncDisposable {
  /** Each planned sensor, also those that could not start. */
  health(): SensorHealth[];
}

/** What a supervised sensor is given. */
interface Surroundings {
  sink: SensorSink;
  log: Logger;
  retryMsMin: number;
  /** Called when one that had failed runs. */
  recovered: () => void;
}

/**
 * Starts every sensor of the plan, all at once. One that fails is reported in `health`, stops neither the others nor the
 * agent, and is tried again, ever less often, until it starts.
 */
export async function startSensors(
  plans: SensorPlan[],
  sink: SensorSink,
  log: Logger,
  { retryMsMin = RETRY_MS_MIN, recovered = () => {} }: { retryMsMin?: number; recovered?: () => void } = {},
): Promise<RunningSensors> {
  const started = plans.map((plan) => new SupervisedSensor(plan, { sink, log, retryMsMin, recovered }));
  await Promise.all(started.map((each) => each.settled));
  let stopped: Promise<unknown> | undefined;
  return {
    health: () => started.map((each) => each.health()),
    async [Symbol.asyncDispose]() {
      stopped ??= Promise.all(started.map((each) => each.stop()));
      await stopped;
    },
  };
}

class SupervisedSensor {
  readonly #plan: SensorPlan;
  readonly #around: Surroundings;
  #attempt: Promise<void>;
  #sensor: Sensor | undefined;
  #failure = '';
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(plan: SensorPlan, around: Surroundings) {
    this.#plan = plan;
    this.#around = around;
    this.#attempt = this.#start();
  }

  /** Resolves when the present attempt is over, however it went. */
  get settled(): Promise<void> {
    return this.#attempt;
  }

  health(): SensorHealth {
    if (this.#sensor) return this.#sensor.health();
    return { sensor: this.#plan.name, source: '', state: 'stopped', detail: this.#failure, events: 0 };
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    await this.#attempt;
    if (!this.#sensor) return;
    const { log } = this.#around;
    await stopSensor(this.#sensor, log);
    log.info({ sensor: this.#plan.name, events: this.#sensor.health().events }, 'sensor stopped');
  }

  async #start(): Promise<void> {
    const { sink, log, retryMsMin, recovered } = this.#around;
    const { name, create } = this.#plan;
    let sensor: Sensor | undefined;
    try {
      sensor = await create();
      await sensor.start(sink);
      this.#sensor = sensor;
      const { source, state, detail } = sensor.health();
      log.info({ sensor: name, source, state, detail }, 'sensor started');
      if (this.#failures > 0) recovered();
    } catch (error) {
      const reason = (error as Error).message;
      // Half of it may have started.
      if (sensor) await stopSensor(sensor, log);
      // An hour of the same reason is one line.
      if (reason !== this.#failure) log.error({ sensor: name, reason }, 'sensor failed to start; the others go on');
      this.#failure = reason;
      if (this.#stopping) return;
      const retryMs = Math.min(RETRY_MS_MAX, retryMsMin * 2 ** Math.min(this.#failures++, 16));
      this.#timer = setTimeout(() => {
        this.#attempt = this.#start();
      }, retryMs).unref();
    }
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
