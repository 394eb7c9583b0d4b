import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bocpd } from '../../collector/src/detect/models/bocpd.ts';
import { Random } from '../../collector/src/detect/models/random.ts';
import { SegmentEvidence } from '../../collector/src/detect/models/segment-evidence.ts';
import { cutSeries, type SegmentationPrior } from '../../collector/src/detect/models/segmentation.ts';
import { logGamma, studentLogDensity, studentPeak } from '../../collector/src/detect/models/student-t.ts';
import { findChangePoints } from '../../collector/src/lab/changepoints.ts';

/** Evidence of normal values with a normal-inverse-gamma prior in closed form (Murphy 2007, equation 95). */
function closedEvidence(
  values: readonly number[],
  prior: { mean: number; count: number; shape: number; scale: number },
) {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const count = prior.count + n;
  const shape = prior.shape + n / 2;
  const scale = prior.scale + squares / 2 + (prior.count * n * (mean - prior.mean) ** 2) / (2 * count);
  return (
    logGamma(shape) -
    logGamma(prior.shape) +
    prior.shape * Math.log(prior.scale) -
    shape * Math.log(scale) +
    0.5 * Math.log(prior.count / count) -
    (n / 2) * Math.log(2 * Math.PI)
  );
}

const series = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 1, maxLength: 9 });

describe("Student's t", () => {
  it('has the gamma function of the tables and integrates to 1', () => {
    expect(logGamma(5)).toBeCloseTo(Math.log(24), 12);
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 12);
    let sum = 0;
    for (let x = -400; x <= 400; x += 0.01) sum += 0.01 * Math.exp(studentLogDensity(x, 2.5, 3, studentPeak(3)));
    expect(sum).toBeCloseTo(1, 4);
  });
});

describe('online change-point detection', () => {
  it('has the run-length posterior that weighing every run in closed form has', () => {
    const prior = { mean: 0.5, count: 0.7, shape: 1.5, scale: 0.8 };
    const hazard = 1 / 20;
    fc.assert(
      fc.property(series, (values) => {
        const detector = new Bocpd({
          meanRunLength: 20,
          priorMean: prior.mean,
          priorCount: prior.count,
          priorShape: prior.shape,
          priorScale: prior.scale,
        });
        for (const value of values) detector.observe(value);
        // joint[t]: the weight of a change just before value t, all ways to come there summed.
        const evidence = (from: number, to: number) =>
          from === to ? 1 : Math.exp(closedEvidence(values.slice(from, to), prior));
        const joint = [1];
        for (let at = 1; at <= values.length; at++) {
          let sum = 0;
          for (let from = 0; from < at; from++)
            sum += joint[from]! * evidence(from, at) * (1 - hazard) ** (at - from - 1) * hazard;
          joint.push(sum);
        }
        const weights = joint.map(
          (weight, from) => weight * evidence(from, values.length) * (1 - hazard) ** (values.length - from),
        );
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        for (const { length, probability } of detector.runLengths()) {
          expect(probability).toBeCloseTo(weights[values.length - length]! / total, 8);
        }
      }),
    );
  });

  it('keeps no more run lengths than it may, and still sees a change', () => {
    const random = new Random(1);
    const detector = new Bocpd({ meanRunLength: 100, runsMax: 30 });
    for (let i = 0; i < 3000; i++) detector.observe(random.normal());
    expect(detector.runLengths().length).toBeLessThanOrEqual(31);
    expect(detector.changedWithin(10)).toBeLessThan(0.5);
    for (let i = 0; i < 8; i++) detector.observe(8 + random.normal());
    expect(detector.changedWithin(10)).toBeGreaterThan(0.95);
  });
});

describe('the evidence of a stretch', () => {
  it('is the closed form, for every stretch from one start', () => {
    fc.assert(
      fc.property(series, fc.double({ min: 0.01, max: 4, noNaN: true }), (values, noise) => {
        const regression = {
          values: Float64Array.from(values),
          regressors: new Float64Array(values.length).fill(1),
          width: 1,
          noise,
        };
        const into = new Float64Array(values.length);
        new SegmentEvidence(regression).addFrom(0, into);
        const prior = { mean: 0, count: noise, shape: 1, scale: noise };
        into.forEach((evidence, last) => {
          expect(evidence).toBeCloseTo(closedEvidence(values.slice(0, last + 1), prior), 8);
        });
      }),
    );
  });
});

describe('the cuts of a series', () => {
  /** Every way to cut `length` values into stretches of at least `least`, as the first values of all but the first. */
  function allCuts(length: number, least: number, from = 0): number[][] {
    const whole = length - from >= least || from === 0 ? [[]] : [];
    const cut = Array.from({ length }, (_, at) => at).filter((at) => at - from >= least && length - at >= least);
    return [...whole, ...cut.flatMap((at) => allCuts(length, least, at).map((rest) => [at, ...rest]))];
  }

  it('are weighed as by weighing every way to cut it', () => {
    fc.assert(
      fc.property(series, fc.integer({ min: 1, max: 3 }), (values, lengthMin) => {
        const prior: SegmentationPrior = { meanLength: 5, lengthMin };
        const flat = { mean: 0, count: 1, shape: 1, scale: 1 };
        const found = cutSeries(values.length, prior, (start, into) => {
          for (let seen = 0; seen < into.length; seen++)
            into[seen]! += closedEvidence(values.slice(start, start + seen + 1), flat);
        });
        const ways = allCuts(values.length, Math.min(lengthMin, values.length)).map((cuts) => {
          const edges = [0, ...cuts, values.length];
          const told = cuts
            .concat(values.length)
            .reduce((sum, end, at) => sum + closedEvidence(values.slice(edges[at]!, end), flat), 0);
          const stays = values.length - edges.length + 1;
          return { cuts, weight: Math.exp(told + cuts.length * Math.log(1 / 5) + stays * Math.log(4 / 5)) };
        });
        const total = ways.reduce((sum, { weight }) => sum + weight, 0);
        expect(found.logEvidence).toBeCloseTo(Math.log(total), 8);
        found.probabilities.forEach((probability, at) => {
          const here = ways.reduce((sum, { cuts, weight }) => (cuts.includes(at) ? sum + weight : sum), 0);
          expect(probability).toBeCloseTo(here / total, 8);
        });
        const best = Math.max(...ways.map(({ weight }) => weight));
        expect(ways.find(({ cuts }) => cuts.join() === found.changes.join())!.weight).toBeCloseTo(best, 8);
      }),
    );
  });
});

describe('change points of a series', () => {
  const random = new Random(11);
  const noise = (count: number, scale = 1) => Array.from({ length: count }, () => scale * random.normal());
  const walk = () => {
    let at = 0;
    return noise(300).map((step) => (at += step));
  };
  const find = (...columns: number[][]) => {
    const rows = columns[0]!.length;
    const values = Float64Array.from(
      { length: rows * columns.length },
      (_, at) => columns[at % columns.length]![Math.floor(at / columns.length)]!,
    );
    return findChangePoints({ rows, columns: columns.length, values }).map(({ index }) => index);
  };

  it.each([
    ['a level', () => [...noise(120), ...noise(120).map((value) => value + 3)], [120]],
    ['a variance', () => [...noise(150, 0.5), ...noise(150, 3)], [150]],
    [
      'a trend',
      () => Array.from({ length: 240 }, (_, at) => 0.1 * Math.min(at, 240 - at) + 0.3 * random.normal()),
      [120],
    ],
    [
      'a level below a season',
      () => noise(240, 0.3).map((value, at) => value + 3 * Math.sin((Math.PI * at) / 6) + (at < 130 ? 0 : 4)),
      [130],
    ],
    ['a level of numbers without noise', () => [...Array(40).fill(1), ...Array(40).fill(5)] as number[], [40]],
    ['nothing, in noise', () => noise(300), []],
    ['nothing, in a random walk', walk, []],
    ['nothing, in a trend', () => noise(300).map((value, at) => value + 0.05 * at), []],
    ['nothing, in a season', () => noise(300, 0.3).map((value, at) => value + 3 * Math.sin(at / 2)), []],
    ['nothing, in single spikes', () => noise(300).map((value, at) => (at % 100 === 50 ? 15 : value)), []],
    ['nothing, where all is the same', () => Array(100).fill(4) as number[], []],
    ['nothing, in too few values', () => [1, 9, 1], []],
  ])('find %s', (_, make, expected) => {
    const found = find(make());
    expect(found).toHaveLength(expected.length);
    expected.forEach((at, which) => {
      expect(Math.abs(found[which]! - at)).toBeLessThanOrEqual(8);
    });
  });

  it('are shared by all columns', () => {
    const [found = 0, ...more] = find(
      noise(200),
      [...noise(90), ...noise(110).map((value) => value + 1.5)],
      [...noise(90), ...noise(110).map((value) => value - 1.5)],
    );
    expect(more).toEqual([]);
    expect(Math.abs(found - 90)).toBeLessThanOrEqual(4);
  });
});
