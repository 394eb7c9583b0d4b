import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClockOffset } from '../../collector/src/ingest/clock-offset.ts';

const SECOND_US = 1_000_000;

describe('what the clock of a host is found to be off by', () => {
  it.each([
    ['nothing, however long the hello took', [2, 0.1], [-0.4], 0],
    ['behind: what the welcome shows', [3_602, 3_600.2], [3_599.9], 3_599.9],
    ['ahead: what the quickest message shows', [-58, -59.9], [-60.3], -59.9],
    ['nothing before the welcome was read', [3_602], [], 0],
    ['set back meanwhile: what it is now', [0.1, -30], [0], -30],
    ['claimed to be what it cannot be', [0.1], [500], 0],
  ])('%s', (_, came, went, expected) => {
    const offset = new ClockOffset();
    offset.came(0, came[0]! * SECOND_US);
    for (const seconds of went) offset.went(seconds * SECOND_US);
    for (const seconds of came.slice(1)) offset.came(0, seconds * SECOND_US);
    expect(offset.us / SECOND_US).toBeCloseTo(expected, 9);
  });

  it('is never more than the truth, whatever the way takes', () => {
    const delays = fc.array(fc.integer({ min: 0, max: 60 * SECOND_US }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 1e12 }), delays, delays, (truthUs, there, back) => {
        const offset = new ClockOffset();
        for (const delayUs of there) offset.came(0, truthUs + delayUs);
        for (const delayUs of back) offset.went(truthUs - delayUs);
        const shortestUs = Math.min(...(truthUs < 0 ? there : back));
        expect(Math.abs(offset.us)).toBe(Math.max(0, Math.abs(truthUs) - shortestUs));
      }),
      { seed: 7443 },
    );
  });
});
