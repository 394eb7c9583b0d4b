import { afterEach, describe, expect, test, vi } from 'vitest';
import { Maintenance } from '../../collector/src/store/maintenance.ts';
import type { Store } from '../../collector/src/store/store.ts';
import { StoreError } from '../../collector/src/store/store-error.ts';
import type { UpkeepReport } from '../../collector/src/store/upkeep-run.ts';
import { RETENTION } from '../support/stores.ts';

const nothing: UpkeepReport = { made: [], dropped: [], deleted: 0, elsewhere: false };

function recorder(keepUp: () => Promise<UpkeepReport>, indexPastDays: Store['indexPastDays'] = async () => []) {
  const said: unknown[] = [];
  const parts = {
    store: { keepUp, indexPastDays },
    retention: RETENTION,
    nowUs: () => 5,
    done: (report: UpkeepReport) => said.push(report),
    indexed: (names: readonly string[]) => said.push(names),
    failed: (error: unknown) => said.push(error),
  };
  return { said, parts };
}

test('is done once before it has started, and speaks only of what it changed', async () => {
  const { said, parts } = recorder(async () => nothing);
  await using _quiet = await Maintenance.start(parts);
  expect(said).toEqual([]);
  const busy = recorder(async () => ({ ...nothing, made: ['events_20261121'] }));
  await using _busy = await Maintenance.start(busy.parts);
  expect(busy.said).toEqual([{ ...nothing, made: ['events_20261121'] }]);
});

test('does not keep a collector from starting where it fails, and may be stopped twice', async () => {
  const error = new StoreError('unavailable', 'lock timeout');
  const { said, parts } = recorder(() => Promise.reject(error));
  const maintenance = await Maintenance.start(parts);
  expect(said).toEqual([error]);
  await maintenance[Symbol.asyncDispose]();
  await maintenance[Symbol.asyncDispose]();
});

describe('comes round', () => {
  const MINUTE_MS = 60_000;
  const unavailable = new StoreError('unavailable', 'lock timeout');
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each([
    { what: 'every hour while it succeeds', fails: [], atMinutes: [0, 60, 120, 180] },
    { what: 'a minute after a failure, then hourly', fails: [unavailable, unavailable], atMinutes: [0, 1, 2, 62] },
    {
      what: 'an hour after what will fail again',
      fails: [new StoreError('rejected', 'no such table')],
      atMinutes: [0, 60, 120, 180],
    },
  ])('$what, and no more once it is stopped', async ({ fails, atMinutes }) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const failing = [...fails];
    const runs: number[] = [];
    let minute = 0;
    const keepUp = async () => {
      runs.push(minute);
      const error = failing.shift();
      if (error) throw error;
      return nothing;
    };
    const { parts, said } = recorder(keepUp);
    const maintenance = await Maintenance.start(parts);
    const pass = async (minutes: number) => {
      for (const until = minute + minutes; minute < until; ) {
        minute++;
        await vi.advanceTimersByTimeAsync(MINUTE_MS);
      }
    };
    await pass(atMinutes.at(-1)!);
    expect(runs).toEqual(atMinutes);
    expect(said).toEqual(fails);
    await maintenance[Symbol.asyncDispose]();
    await pass(180);
    expect(runs).toEqual(atMinutes);
  });
});
