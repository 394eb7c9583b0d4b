import { describe, expect, it } from 'vitest';
import { timeOf } from '../../collector/src/detect/rules/flat-event-view.ts';
import { parseTimeUs } from '../../collector/src/detect/rules/parse-time.ts';

const AT_US = Date.UTC(2026, 10, 21, 17, 50, 43) * 1000;

describe('a time of an event', () => {
  it.each([
    ['2026-11-21T17:50:43Z', 0],
    ['2026-11-21T17:50:43', 0],
    ['2026-11-21 17:50:43.008', 8_000],
    ['2026-11-21 17:50:43,000123', 123],
    ['2026-11-21T17:50:43.123456789Z', 123_456],
    ['2026-11-21T19:50:43+02:00', 0],
    ['2026-11-21T12:20:43 -0530', 0],
    ['2026/11/21 17:50:43 UTC', 0],
    ['21/Nov/2026:17:50:43 +0000', 0],
    ['Sat, 21 Nov 2026 17:50:43 GMT', 0],
    ['Sat Nov 21 17:50:43 2026', 0],
    [1_795_283_443, 0],
    [1_795_283_443.5, 500_000],
    ['1795283443', 0],
    [1_795_283_443_000, 0],
    [1_795_283_443_000_000, 0],
    [1_795_283_443_000_000_000, 0],
  ])('is read from %j', (written, afterUs) => {
    expect(parseTimeUs(written)).toBe(AT_US + afterUs);
  });

  it('without a year is of one year, in which lines follow each other', () => {
    expect(parseTimeUs('Nov 21 17:50:44')! - parseTimeUs('Nov 21 17:50:43')!).toBe(1e6);
    expect(parseTimeUs('Feb 29 00:00:00')).toBeDefined();
  });

  it.each([
    '',
    'yesterday',
    '2026-13-01',
    '2026-02-30T00:00:00Z',
    '2026-11-21T25:00:00Z',
    'Nov 31 10:00:00',
    -1,
    Number.NaN,
    null,
    true,
    {},
  ])('is not %j', (written) => {
    expect(parseTimeUs(written)).toBeUndefined();
  });

  it('is the first field that holds one', () => {
    expect(timeOf({ time: '1970-01-01T00:00:02Z', timestamp: 'never', UtcTime: '1970-01-01 00:00:01' })).toBe(1e6);
    expect(timeOf({ when: '1970-01-01T00:00:02Z' })).toBeUndefined();
  });
});
