import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SerialGaps } from '../../agent/src/sensors/process/serial-gaps.ts';

const missingOf = (serials: readonly number[]) => {
  const gaps = new SerialGaps();
  for (const serial of serials) gaps.see(serial, 0);
  return gaps.take(1);
};

describe('events of the kernel audit that never came are counted to the event', () => {
  test.each([
    ['none, where every number came', [5, 6, 7, 8], 0],
    ['none, where parts of two events came in turns', [5, 6, 5, 6, 7], 0],
    ['none, where they came out of order', [5, 8, 7, 6, 9], 0],
    ['one', [5, 7], 1],
    ['those that a socket had no room for', [5, 6, 9_000, 9_001], 8_993],
    ['the rest of a gap of which some came late', [5, 16, 10, 6, 15], 7],
    ['the same, twice over', [5, 16, 10, 10, 10], 9],
    ['over the end of the numbers', [2 ** 32 - 2, 1], 2],
    ['late ones over the end of the numbers', [2 ** 32 - 2, 2, 0], 2],
    ['not what was before the first', [100], 0],
  ])('%s', (_, serials, missing) => {
    expect(missingOf(serials)).toBe(missing);
  });

  test('a gap is given time to close, and told once', () => {
    const gaps = new SerialGaps();
    gaps.see(1, 0);
    gaps.see(4, 10);
    gaps.see(9, 20);
    expect([gaps.take(10), gaps.take(20), gaps.take(20), gaps.take(21)]).toEqual([0, 2, 0, 4]);
  });

  test('whatever the order, what is counted is what did not come', () => {
    const shuffled = fc
      .tuple(
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 3000 }), { minLength: 1 }),
      )
      .chain(([first, offsets]) =>
        fc.tuple(fc.constant(first), fc.shuffledSubarray(offsets, { minLength: offsets.length })),
      );
    fc.assert(
      fc.property(shuffled, ([first, offsets]) => {
        const highest = Math.max(...offsets);
        const serials = [first, ...offsets.map((offset) => (first + offset) % 2 ** 32)];
        expect(missingOf(serials)).toBe(highest - offsets.length);
      }),
      { seed: 4, numRuns: 200 },
    );
  });
});
