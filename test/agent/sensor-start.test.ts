import type { SensorHealth } from '@threatguard/proto';
import { pino } from 'pino';
import { describe, expect, test, vi } from 'vitest';
import type { Sensor } from '../../agent/src/sensors/sensor.ts';
import { startSensors } from '../../agent/src/sensors/start.ts';
import { RecordingSink } from '../support/recording-sink.ts';
import { until } from '../support/until.ts';

const log = pino({ level: 'silent' });
const RUNNING: SensorHealth = { sensor: 'host', source: 'test', state: 'running', detail: '', events: 0 };

/** A sensor that fails so many times, then runs; `stops` counts what was told to stop. */
function failing(times: number) {
  const seen = { starts: 0, stops: 0, recoveries: 0 };
  const create = async (): Promise<Sensor> => ({
    name: 'host',
    async start() {
      if (++seen.starts <= times) throw new Error('not yet');
    },
    async stop() {
      seen.stops++;
    },
    health: () => RUNNING,
  });
  const options = { retryMsMin: 1, recovered: () => void seen.recoveries++ };
  return { seen, start: () => startSensors([{ name: 'host', create }], new RecordingSink(), log, options) };
}

describe('a sensor that fails to start', () => {
  test('is reported, tried again until it runs, and then said to run', async () => {
    const { seen, start } = failing(3);
    await using sensors = await start();
    expect(sensors.health()).toMatchObject([{ sensor: 'host', state: 'stopped', detail: 'not yet' }]);
    await until(() => seen.recoveries > 0, { limitMs: 5_000, what: 'the sensor to run' });
    expect(sensors.health()).toEqual([RUNNING]);
    // What had started of each failed attempt was stopped.
    expect(seen).toEqual({ starts: 4, stops: 3, recoveries: 1 });
  });

  test('is tried ever less often, and no more once the agent stops', async () => {
    vi.useFakeTimers();
    try {
      const { seen, start } = failing(Number.POSITIVE_INFINITY);
      const sensors = await start();
      // At 0, 1, 3, 7, 15, 31 and 63 ms.
      await vi.advanceTimersByTimeAsync(100);
      expect(seen.starts).toBe(7);
      await sensors[Symbol.asyncDispose]();
      await vi.advanceTimersByTimeAsync(60_000);
      expect(seen.starts).toBe(7);
    } finally {
      vi.useRealTimers();
    }
  });
});
