import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../collector/src/detect/models/random.ts';
import { StreamScore } from '../../collector/src/detect/models/stream-score.ts';
import { Tail } from '../../collector/src/detect/models/tail.ts';
import { readTime } from '../../collector/src/lab/time.ts';

function scoresOf(values: readonly number[], stepS = 300): number[] {
  const stream = new StreamScore();
  return values.map((value, at) => stream.score(value, 1_700_000_000 + at * stepS));
}

describe('the tail of what was seen', () => {
  it('counts as looking at the newest values does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 80 }),
        fc.integer({ min: 0, max: 20 }),
        (values, asked) => {
          const tail = new Tail(30);
          for (const value of values) tail.add(value);
          const newest = values.slice(-30).sort((a, b) => a - b);
          fc.pre(asked <= newest[Math.floor(0.99 * newest.length)]!);
          const atLeast = newest.filter((value) => value >= asked).length;
          expect(tail.rarity(asked)).toBeCloseTo(Math.log10((newest.length + 1) / (atLeast + 1)), 12);
        },
      ),
    );
  });

  it('goes on beyond the largest as steep as before it', () => {
    const random = new Random(1);
    const tail = new Tail(20_000);
    // Exponential: one value in 10^r is above r ln 10.
    for (let i = 0; i < 20_000; i++) tail.add(-Math.log(1 - random.uniform()));
    for (const rarity of [2.5, 4, 6]) expect(tail.rarity(rarity * Math.LN10)).toBeCloseTo(rarity, 0);
  });

  it('is not rarer, where that is asked, than the share of what was as large', () => {
    const random = new Random(1);
    const tail = new Tail(4_000);
    // One value in 200 is far from all others.
    for (let i = 0; i < 4_000; i++) tail.add(i % 200 === 0 ? 20 + random.uniform() : 1 + 0.1 * random.normal());
    expect(tail.rarity(20)).toBeGreaterThan(6);
    expect(tail.boundedRarity(20)).toBeCloseTo(Math.log10(4001 / 21), 12);
    expect(tail.boundedRarity(1.1)).toBe(tail.rarity(1.1));
    const beyond = [21.1, 21.2, 30].map((value) => tail.boundedRarity(value));
    expect(beyond[0]!).toBeGreaterThan(Math.log10(4001));
    expect(beyond).toEqual(beyond.toSorted((a, b) => a - b));
  });
});

describe('the score of a stream', () => {
  const random = new Random(3);
  const season = Array.from(
    { length: 1500 },
    (_, at) => 50 + 20 * Math.sin((2 * Math.PI * at) / 288) + random.normal(),
  );
  const changed = (from: number, to: number, change: (value: number) => number) =>
    season.map((value, at) => (at >= from && at < to ? change(value) : value));

  it('is from 0 to 1 and never looks ahead', () => {
    const whole = scoresOf(season);
    expect(whole.every((score) => score >= 0 && score <= 1)).toBe(true);
    expect(scoresOf(season.slice(0, 900))).toEqual(whole.slice(0, 900));
  });

  it.each([
    ['a spike', 1200, 1201, (value: number) => value + 12],
    ['a level', 1200, 1260, (value: number) => value - 12],
    ['more noise', 1200, 1240, (value: number) => value + 6 * random.normal()],
    ['a standstill', 1200, 1240, () => 50],
  ])('is highest where %s begins', (_, from, to, change) => {
    const scores = scoresOf(changed(from, to, change));
    const highest = scores.indexOf(Math.max(...scores));
    expect(highest).toBeGreaterThanOrEqual(from);
    expect(highest).toBeLessThan(to + 10);
  });

  it.each([
    ['no value at all', []],
    ['one value', [5]],
    ['the same value', Array(300).fill(0)],
    ['huge and tiny values', [1e300, -1e300, 1e-300, 0, 1e300]],
  ])('is a number for %s', (_, values: number[]) => {
    expect(scoresOf(values).every((score) => score >= 0 && score <= 1)).toBe(true);
  });
});

describe('times', () => {
  it.each([
    ['1700000000', 1_700_000_000],
    ['1700000000.5', 1_700_000_000.5],
    ['1700000000000', 1_700_000_000],
    ['2014-07-01 00:30:00', 1_404_174_600],
    ['2014-07-01T00:30:00Z', 1_404_174_600],
    ['2014-07-01T02:30:00.250+02:00', 1_404_174_600.25],
    ['2014-07-01T02:30+0200', 1_404_174_600],
    ['2014-07-01', 1_404_172_800],
    ['2014-13-01', undefined],
    ['yesterday', undefined],
    ['', undefined],
  ])('%j is %j', (cell, expected) => {
    expect(readTime(cell)).toBe(expected);
  });
});
