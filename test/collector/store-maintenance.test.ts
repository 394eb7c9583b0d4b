import { expect, test } from 'vitest';
import { Maintenance } from '../../collector/src/store/maintenance.ts';
import { type Store, StoreError } from '../../collector/src/store/store.ts';
import type { UpkeepReport } from '../../collector/src/store/upkeep.ts';

const RETENTION = { events: 90, evidence: 365, losses: 365, alerts: 365, seriesMinute: 30 };
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
