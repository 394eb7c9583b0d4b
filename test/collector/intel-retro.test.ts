// Stored events held against new indicators: interrupted at any point it goes on where it was, and finds nothing twice.
import type { Detection, StoredEvent } from '@threatguard/proto';
import { expect, it } from 'vitest';
import type { IntelRecords, RetroJob } from '../../collector/src/detect/intel/intel-records.ts';
import { RetroMatch } from '../../collector/src/detect/intel/retro-match.ts';
import { OWN_DUTIES } from '../../collector/src/duties.ts';
import { indexOf } from '../support/intel-index.ts';
import { until } from '../support/until.ts';

const START_US = 1_790_000_000_000_000;
const PAGES = 6;
const PAGE_EVENTS = 50;

/** One event a second, each to an address of its own. */
const stored = Array.from(
  { length: PAGES * PAGE_EVENTS },
  (_, n): StoredEvent => ({
    reference: { agentId: 'a', streamId: new Uint8Array(16), sequence: 1, index: n },
    event: { class: 3, network: { destinationAddress: `198.51.${n >> 8}.${n & 255}` } },
    eventAtUs: START_US + n * 1e6,
    receivedAtUs: START_US + n * 1e6,
  }),
);
const values = stored.map(({ event }) => ({ kind: 'address' as const, value: event!.network!.destinationAddress! }));
const index = indexOf([{ source: 'new', values }]);

/** Jobs as they would be stored: copies. */
class KeptJobs {
  job: RetroJob;

  constructor(madeAtUs: number) {
    const numbers = { values: values.length, scanned: 0, hits: 0, searched: 0 };
    this.job = {
      id: 1,
      source: 'new',
      madeAtUs,
      fromUs: START_US,
      doneUntilUs: START_US,
      ...numbers,
      state: 'waiting',
    };
  }

  retroJobs = async () => [{ ...this.job }];
  chunks = async () => [];
  saveRetro = async (job: RetroJob) => {
    this.job = { ...job };
  };
  endRetro = async (job: RetroJob) => {
    this.job = { ...job, state: 'done' };
  };
}

function start(kept: KeptJobs, report: (detections: readonly Detection[]) => Promise<void>) {
  const retro = new RetroMatch({
    records: kept as unknown as IntelRecords,
    jobs: { build: async () => index.buffers },
    store: {
      searchEvents: () => Promise.reject(new Error('all are gone through')),
      async *eventsSince(sinceUs) {
        const left = stored.filter(({ eventAtUs = 0 }) => eventAtUs >= sinceUs);
        for (let at = 0; at < left.length; at += PAGE_EVENTS) yield left.slice(at, at + PAGE_EVENTS);
      },
    },
    index: () => index,
    takeIn: async () => undefined,
    report,
    duties: OWN_DUTIES,
    nowUs: () => START_US + 100 * 86_400e6,
    failed: (error) => {
      throw error;
    },
  });
  retro.wake();
  return retro;
}

it('an interrupted job goes on, and all is found', async () => {
  const kept = new KeptJobs(START_US + 3_600e6);
  const found = new Set<string>();
  let starts = 0;
  while (kept.job.state !== 'done') {
    let pages = 0;
    const stop = Promise.withResolvers<void>();
    await using _ = start(kept, async (detections) => {
      for (const { entity } of detections) found.add(entity!);
      if (++pages === 2) stop.resolve();
    });
    await Promise.race([stop.promise, until(() => kept.job.state === 'done', { limitMs: 5_000, what: 'its end' })]);
    starts++;
  }
  expect(starts).toBeGreaterThan(1);
  expect(found.size).toBe(stored.length);
  // What stood at the seams was looked at twice, no more.
  expect(kept.job.scanned).toBeLessThan(stored.length + starts * PAGE_EVENTS);
});

it('what was received after the indicators came is not held against them again', async () => {
  const kept = new KeptJobs(START_US + 99.5e6);
  let hits = 0;
  await using _ = start(kept, async (detections) => {
    hits += detections.length;
  });
  await until(() => kept.job.state === 'done', { limitMs: 5_000, what: 'its end' });
  expect(hits).toBe(100);
});
