import { RefusalError } from '@threatguard/proto';
import { describe, expect, it } from 'vitest';
import type { OpenedBatch } from '../../collector/src/batch.ts';
import { enrichBatch } from '../../collector/src/enrich/enrich-batch.ts';
import { enrichedBatch } from '../support/rule-events.ts';

const NOW_US = 1_790_000_000_000_000;
const opened = (observedAtUs: number[], clockOffsetUs = 0): OpenedBatch => ({
  ...enrichedBatch(
    observedAtUs.map((atUs) => ({ observedAtUs: atUs })),
    { receivedAtUs: NOW_US },
  ),
  clockOffsetUs,
});
const codeOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    if (error instanceof RefusalError) return error.code;
    throw error;
  }
  return 'taken';
};
const HOUR_US = 3_600e6;

describe('the time of an event', () => {
  it.each([
    ['as observed where the clock is right', 0, 0],
    ['as observed where the offset may be network delay', 1_900_000, 0],
    ['as observed at exactly two seconds', -2_000_000, 0],
    ['corrected where the clock is behind', HOUR_US, HOUR_US],
    ['corrected where the clock is ahead', -HOUR_US, -HOUR_US],
  ])('is %s', (_, offsetUs, movedUs) => {
    const { eventTimesUs } = enrichBatch(opened([NOW_US - 2 * HOUR_US], offsetUs));
    expect([...eventTimesUs]).toEqual([NOW_US - 2 * HOUR_US + movedUs]);
  });

  it('may be long ago: a spool is emptied after an outage', () => {
    expect([...enrichBatch(opened([0, 5])).eventTimesUs]).toEqual([0, 5]);
  });

  it.each([
    ['ten minutes ahead', 600e6, 0, 'taken'],
    ['more than ten minutes ahead', 600e6 + 1, 0, 'time_out_of_range'],
    ['an hour ahead on a host whose clock is known to be', HOUR_US, -HOUR_US, 'taken'],
    ['two hours ahead on a host whose clock is known to be one ahead', 2 * HOUR_US, -HOUR_US, 'time_out_of_range'],
    ['no number', Number.NaN, 0, 'time_out_of_range'],
  ])('%s is answered', (_, aheadUs, offsetUs, code) => {
    expect(codeOf(() => enrichBatch(opened([NOW_US, NOW_US + aheadUs], offsetUs)))).toBe(code);
  });

  it('adds to the batch and changes nothing before it', () => {
    const batch = opened([NOW_US]);
    const before = structuredClone({ events: batch.events });
    const enriched = enrichBatch(batch);
    expect(enriched.header).toBe(batch.header);
    expect(batch.events).toEqual(before.events);
  });
});
