import { describe, expect, it } from 'vitest';
import { extend, fitSmoothing } from '../../collector/src/detect/models/exponential-smoothing.ts';
import { forecast, whenReached } from '../../collector/src/detect/models/forecast.ts';
import { minimise } from '../../collector/src/detect/models/nelder-mead.ts';
import { OnlineStl } from '../../collector/src/detect/models/online-stl.ts';
import { Random } from '../../collector/src/detect/models/random.ts';
import { decompose } from '../../collector/src/detect/models/stl.ts';

function series(length: number, value: (at: number) => number): Float64Array {
  return Float64Array.from({ length }, (_, at) => value(at));
}

describe('a forecast', () => {
  it.each([
    ['a line', (at: number) => 3 + 0.5 * at, 1],
    ['a season', (at: number) => 10 + [0, 4, -4, 1][at % 4]!, 4],
    ['a season on a line', (at: number) => 10 + at / 3 + [0, 4, -4, 1][at % 4]!, 4],
    ['growth by a share', (at: number) => 5 * 1.03 ** at, 1],
  ])('goes on with %s', (_, value, period) => {
    const { expected } = forecast(series(60, value), { horizon: 12, period });
    expected.forEach((found, step) => {
      expect(Math.abs(found / value(60 + step) - 1)).toBeLessThan(0.02);
    });
  });

  it('is what it was where nothing ever changed, and of a value or two', () => {
    expect([
      ...forecast(
        series(50, () => 7),
        { horizon: 2 },
      ).upper,
    ]).toEqual([7, 7]);
    expect([...forecast(Float64Array.of(4), { horizon: 2 }).expected]).toEqual([4, 4]);
    expect([...forecast(Float64Array.of(4, 6), { horizon: 1, period: 7 }).lower]).toEqual([6]);
  });

  it.each([
    ['noise', (random: Random) => () => 10 + random.normal()],
    [
      'a walk',
      (random: Random, sum = { value: 0 }) =>
        () =>
          (sum.value += random.normal()),
    ],
    ['a trend', (random: Random) => (at: number) => at / 2 + 2 * random.normal()],
    ['a season', (random: Random) => (at: number) => 50 + 10 * Math.sin((at * Math.PI) / 6) + random.normal()],
    ['one that is skewed', (random: Random) => () => -10 * Math.log(1 - random.uniform())],
    ['growth', (random: Random) => (at: number) => Math.exp(at / 100 + 0.1 * random.normal())],
  ])('has intervals that hold what they promise: %s', (_, make) => {
    const hits = { wide: 0, narrow: 0, all: 0 };
    for (let seed = 0; seed < 30; seed++) {
      const value = make(new Random(seed));
      const all = series(132, value);
      const past = all.slice(0, 120);
      const wide = forecast(past, { horizon: 12, period: 12 });
      const narrow = forecast(past, { horizon: 12, period: 12, confidence: 0.8 });
      for (let step = 0; step < 12; step++) {
        const actual = all[120 + step]!;
        hits.all++;
        if (actual >= wide.lower[step]! && actual <= wide.upper[step]!) hits.wide++;
        if (actual >= narrow.lower[step]! && actual <= narrow.upper[step]!) hits.narrow++;
      }
    }
    expect(hits.wide / hits.all).toBeGreaterThan(0.9);
    expect(hits.narrow / hits.all).toBeGreaterThan(0.7);
    expect(hits.narrow / hits.all).toBeLessThan(0.92);
  });

  it('is never below zero for what never was, and knows when a limit is reached', () => {
    const random = new Random(3);
    const volume = forecast(
      series(80, () => (random.uniform() < 0.7 ? 0 : 20 * random.uniform())),
      { horizon: 5 },
    );
    expect(Math.min(...volume.lower)).toBe(0);
    const disk = forecast(
      series(60, (at) => 40 + at / 2 + random.normal()),
      { horizon: 100 },
    );
    const { expectedAt, earliestAt } = whenReached(disk, 90);
    expect(Math.abs(expectedAt! - 40)).toBeLessThan(6);
    expect(earliestAt!).toBeLessThan(expectedAt!);
    expect(whenReached(disk, 1e6)).toEqual({ expectedAt: undefined, earliestAt: undefined });
  });

  it('has errors that its own equations give, and weights by what a unit of error changes later', () => {
    const random = new Random(1);
    const values = series(48, (at) => at + [0, 3, -2][at % 3]! + random.normal());
    const fitted = fitSmoothing(values, { trend: 'damped', period: 3 });
    const { expected, weights } = extend(fitted, 7);
    const { level, slope, damping, season } = fitted;
    // A unit of error in the last value, carried on by the equations with no error after it.
    const states = { level, slope, seasons: [0, 0, season] };
    const moved = weights.map((_, step) => {
      if (step === 0) return 1;
      const at = states.level + damping * states.slope + states.seasons[(step - 1) % 3]!;
      states.level += damping * states.slope;
      states.slope *= damping;
      return at;
    });
    moved.forEach((each, step) => {
      expect(weights[step]).toBeCloseTo(each, 10);
    });
    const whole = fitted.errors.reduce((sum, error) => sum + error * error, 0);
    expect(whole / 48).toBeLessThan(4);
    expect(Math.abs(expected[0]! - 48)).toBeLessThan(5);
  });

  it('rests on a search that finds the lowest place of a bent valley', () => {
    const { at } = minimise(([x = 0, y = 0]) => (1 - x) ** 2 + 100 * (y - x * x) ** 2, Float64Array.of(-1.2, 1));
    expect(at[0]).toBeCloseTo(1, 2);
    expect(at[1]).toBeCloseTo(1, 2);
  });
});

describe('the decomposition of a stream', () => {
  const random = new Random(5);
  const season = (at: number) => 10 * Math.sin((2 * Math.PI * at) / 24);
  const trend = (at: number) => 100 + at / 20;
  const values = series(24 * 30, (at) => trend(at) + season(at) + random.normal());

  function observeAll(of: Float64Array, robust = false) {
    const stream = new OnlineStl({ period: 24, robust });
    return Array.from(of, (value) => stream.observe(value));
  }

  it('begins after four seasons, adds up to the values, and knows only what came before', () => {
    const parts = observeAll(values);
    expect(parts.findIndex((each) => each !== undefined)).toBe(96);
    parts.forEach((each, at) => {
      if (each) expect(each.trend + each.seasonal + each.remainder).toBeCloseTo(values[at]!, 9);
    });
    const other = values.slice();
    other.fill(0, 400);
    expect(observeAll(other).slice(0, 400)).toEqual(parts.slice(0, 400));
  });

  it('is about as near to the truth at each moment as STL over all values until then', () => {
    const parts = observeAll(values);
    const off = { online: 0, batch: 0, apart: 0 };
    let count = 0;
    for (let at = 300; at < values.length; at += 37) {
      const { trend: trends, seasonal } = decompose(values.slice(0, at + 1), { period: 24 });
      const batch = trends[at]! + seasonal[at]!;
      const online = parts[at]!.trend + parts[at]!.seasonal;
      off.batch += (batch - trend(at) - season(at)) ** 2;
      off.online += (online - trend(at) - season(at)) ** 2;
      off.apart += (online - batch) ** 2;
      count++;
    }
    expect(Math.sqrt(off.online / count)).toBeLessThan(1.2 * Math.sqrt(off.batch / count));
    expect(Math.sqrt(off.apart / count)).toBeLessThan(1);
  });

  it('leaves a spike in the remainder, and with robustness does not follow it', () => {
    const spiked = values.slice();
    spiked[500]! += 80;
    const plain = observeAll(values, true);
    const robust = observeAll(spiked, true);
    expect(robust[500]!.remainder).toBeGreaterThan(70);
    expect(Math.abs(robust[501]!.trend - plain[501]!.trend)).toBeLessThan(0.5);
    expect(Math.abs(robust[524]!.seasonal - plain[524]!.seasonal)).toBeLessThan(0.5);
  });

  it('follows a level that has changed for good, and takes a constant for what it is', () => {
    const shifted = values.map((value, at) => value + (at >= 400 ? 50 : 0));
    expect(Math.abs(observeAll(shifted, true).at(-1)!.trend - trend(719) - 50)).toBeLessThan(3);
    const still = observeAll(new Float64Array(200).fill(3)).at(-1)!;
    expect(still.trend).toBeCloseTo(3, 9);
    expect(still.remainder).toBeCloseTo(0, 9);
    expect(() => new OnlineStl({ period: 1 })).toThrow(RangeError);
  });
});
