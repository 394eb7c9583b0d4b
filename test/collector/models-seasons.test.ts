import { describe, expect, it } from 'vitest';
import { Random } from '../../collector/src/detect/models/random.ts';
import { decompose } from '../../collector/src/detect/models/stl.ts';

// The series and decompositions that the STL packages for R's Fortran code in Rust, C++ and Ruby publish as their tests.
const PUBLISHED = Float64Array.of(
  ...[5, 9, 2, 9, 0, 6, 3, 8, 5, 8, 7, 8, 8, 0, 2, 5, 0, 5, 6, 7, 3, 6, 1, 4, 4, 4, 3, 7, 5, 8],
);
const AS_PUBLISHED = { period: 7, seasonalDegree: 0, jumpShare: 0.1 } as const;

describe('seasonal decomposition', () => {
  it.each([
    [
      'plain',
      { ...AS_PUBLISHED, innerLoops: 2 },
      [0.36926576, 0.75655484, -1.3324139, 1.9553658, -0.6044802],
      [4.804099, 4.9097075, 5.015316, 5.16045, 5.305584],
    ],
    [
      'robust',
      { ...AS_PUBLISHED, robust: true, innerLoops: 1 },
      [0.14922355, 0.47939026, -1.833231, 1.7411387, 0.8200711],
      [5.397365, 5.4745436, 5.5517216, 5.6499176, 5.748114],
    ],
  ])('is the published one, %s', (_, options, seasonal, trend) => {
    const found = decompose(PUBLISHED, options);
    seasonal.forEach((value, at) => {
      expect(found.seasonal[at]).toBeCloseTo(value, 4);
    });
    trend.forEach((value, at) => {
      expect(found.trend[at]).toBeCloseTo(value, 4);
    });
  });

  it('finds what a series was made of, and its parts add up to it', () => {
    const random = new Random(2);
    const season = (at: number) => 4 * Math.sin((2 * Math.PI * at) / 24);
    const values = Float64Array.from({ length: 480 }, (_, at) => 0.02 * at + season(at) + 0.3 * random.normal());
    values[100] = 60;
    const found = decompose(values, { period: 24, robust: true });
    values.forEach((value, at) => {
      expect(found.trend[at]! + found.seasonal[at]! + found.remainder[at]!).toBeCloseTo(value, 9);
      expect(Math.abs(found.seasonal[at]! - season(at))).toBeLessThan(0.9);
      expect(Math.abs(found.trend[at]! - 0.02 * at)).toBeLessThan(0.9);
    });
    expect(found.remainder[100]).toBeGreaterThan(50);
  });

  it('refuses less than two seasons', () => {
    expect(() => decompose(new Float64Array(13), { period: 7 })).toThrow('less than two seasons');
    expect(() => decompose(new Float64Array(13), { period: 1 })).toThrow('at least 2');
  });
});
