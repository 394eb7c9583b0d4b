import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Autoencoder,
  reconstructionErrors,
  scoreReconstruction,
  trainAutoencoder,
} from '../../collector/src/detect/models/autoencoder.ts';
import { backward, forward, makeNetwork, roomForActivations } from '../../collector/src/detect/models/dense-network.ts';
import { BLOCK, DistanceKernel } from '../../collector/src/detect/models/distance-kernel.ts';
import {
  growIsolationForest,
  meanPathLength,
  scoreIsolation,
} from '../../collector/src/detect/models/isolation-forest.ts';
import { KdTree, roomForNeighbours } from '../../collector/src/detect/models/kd-tree.ts';
import {
  indexDensities,
  learnDensities,
  scoreOutliers,
} from '../../collector/src/detect/models/local-outlier-factor.ts';
import { learnScale, type Matrix, rowOf, standardise } from '../../collector/src/detect/models/matrix.ts';
import { indexRows } from '../../collector/src/detect/models/nearest-rows.ts';
import { Random } from '../../collector/src/detect/models/random.ts';
import { learnWhitening, whiten } from '../../collector/src/detect/models/whitening.ts';

function matrixOf(rows: readonly (readonly number[])[]): Matrix {
  return { rows: rows.length, columns: rows[0]?.length ?? 0, values: Float64Array.from(rows.flat()) };
}

function normalRows(count: number, columns: number, seed: number): number[][] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => Array.from({ length: columns }, () => random.normal()));
}

function indexOfMax(scores: Float64Array): number {
  return scores.indexOf(Math.max(...scores));
}

describe('seeded randomness', () => {
  it('is the same for the same seed, and another for every other seed and part', () => {
    const drawn = (random: Random) => [random.uint32(), random.uint32(), random.uint32()].join();
    expect(drawn(new Random(7))).toBe(drawn(new Random(7)));
    const others = [
      new Random(8),
      new Random(-7),
      new Random(2 ** 40 + 7),
      new Random(7).fork(0),
      new Random(7).fork(1),
    ];
    expect(new Set([drawn(new Random(7)), ...others.map(drawn)]).size).toBe(6);
  });

  it('draws samples without repeats, and every integer as often as another', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (seed, below, share) => {
          const count = Math.floor(share * below);
          const sample = [...new Random(seed).sample(count, below)];
          expect(new Set(sample).size).toBe(count);
          expect(sample.every((each) => each < below)).toBe(true);
        },
      ),
    );
    const random = new Random(1);
    const counts = new Uint32Array(6);
    for (let i = 0; i < 60_000; i++) counts[random.integer(6)]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });
});

describe('the scale of a table', () => {
  it('has the medians, means and deviations of what is present, and leaves a constant column alone', () => {
    const scale = learnScale(
      matrixOf([
        [1, 7, 1e12],
        [2, 7, 1e12 + 1],
        [6, 7, 1e12 + 2],
        [Number.NaN, 7, Number.NaN],
      ]),
    );
    expect([...scale.medians]).toEqual([2, 7, 1e12 + 1]);
    expect(scale.means[0]).toBe(3);
    expect(scale.deviations[0]).toBeCloseTo(Math.sqrt(14 / 3), 12);
    expect(scale.deviations[1]).toBe(1);
    expect([...standardise(matrixOf([[Number.NaN, 9, 1e12 + 1]]), scale).values]).toEqual([
      -1 / Math.sqrt(14 / 3),
      2,
      0,
    ]);
  });
});

describe('the k-d tree', () => {
  const table = fc.integer({ min: 1, max: 4 }).chain((columns) =>
    fc.array(fc.array(fc.integer({ min: -8, max: 8 }), { minLength: columns, maxLength: columns }), {
      minLength: 1,
      maxLength: 120,
    }),
  );
  const squares = (rows: number[][], query: number[]) =>
    rows.map((row) => row.reduce((sum, value, at) => sum + (value - query[at]!) ** 2, 0));

  it('finds what a look at every row finds', () => {
    fc.assert(
      fc.property(
        table,
        fc.integer({ min: 1, max: 12 }),
        fc.nat(),
        fc.integer({ min: 0, max: 9 }),
        (rows, k, pick, radius) => {
          const tree = new KdTree(matrixOf(rows));
          const query = rows[pick % rows.length]!;
          const all = squares(rows, query);
          const found = roomForNeighbours(k);
          tree.nearest(Float64Array.from(query), k, found);
          const nearest = [...all].sort((a, b) => a - b).slice(0, k);
          expect([...found.squaredDistances.subarray(0, found.count)]).toEqual(nearest);
          expect([...found.rows.subarray(0, found.count)].map((row) => all[row])).toEqual(nearest);
          const within: number[] = [];
          tree.within(Float64Array.from(query), radius, (row) => within.push(row));
          expect(within.sort((a, b) => a - b)).toEqual(
            all.flatMap((square, row) => (square <= radius ** 2 ? [row] : [])),
          );
        },
      ),
    );
  });
});

describe('the nearest rows', () => {
  it.each([
    ['of a few columns', 3, 1, 'Descent'],
    ['of many columns that depend on nothing', 40, 1, 'Scan'],
    ['of large values', 40, 1e12, 'Scan'],
    ['of values no short float can hold', 40, 1e25, 'Scan'],
  ])('%s are those a look at every row finds', (_, columns, size, kind) => {
    const data = matrixOf(normalRows(900, columns, 7).map((row) => row.map((value) => value * size)));
    const index = indexRows(data, 5);
    expect(index.constructor.name).toBe(kind);
    const queries = matrixOf([0, 17, 899].map((row) => [...rowOf(data, row)]));
    const nearest = (query: Float64Array) => {
      const all = Array.from({ length: 900 }, (_, each) =>
        rowOf(data, each).reduce((sum, value, at) => sum + (value - query[at]!) ** 2, 0),
      );
      return [...all.keys()].sort((a, b) => all[a]! - all[b]!);
    };
    let asked = 0;
    index.each(queries, { k: 5 }, (row, found) => {
      asked++;
      expect([...found.rows]).toEqual(nearest(rowOf(queries, row)).slice(0, 5));
    });
    index.each(data, { k: 5, others: true }, (row, found) => {
      asked++;
      if (row % 100 === 17) expect([...found.rows]).toEqual(nearest(rowOf(data, row)).slice(1, 6));
    });
    expect(asked).toBe(903);
  });

  it('are looked for where vector instructions do not say that it is too far, and they never say so of what is near', () => {
    const lengthOf = (row: Float64Array) => row.reduce((sum, value) => sum + value * value, 0);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 40 }), fc.nat(), (rows, columns, seed) => {
        // Far from the origin, where little is left of the difference of large squares.
        const far = 10 ** (seed % 4);
        const data = matrixOf(normalRows(rows, columns, seed).map((row) => row.map((value) => value + far)));
        const queries = matrixOf(normalRows(1 + (seed % 8), columns, seed + 1));
        const kernel = new DistanceKernel(data);
        const found = kernel.squares(queries.values);
        expect(found).toHaveLength(queries.rows);
        found.forEach(({ squares, least }, which) => {
          const query = rowOf(queries, which);
          expect(squares).toHaveLength(rows);
          squares.forEach((square, row) => {
            const exact = rowOf(data, row).reduce((sum, value, at) => sum + (value - query[at]!) ** 2, 0);
            const lengths = lengthOf(query) + lengthOf(rowOf(data, row));
            const below = exact - (square + lengthOf(query) * (1 - kernel.error));
            expect(below).toBeGreaterThanOrEqual(0);
            expect(below).toBeLessThanOrEqual(2 * kernel.error * lengths);
          });
          const blocks = Array.from({ length: least.length }, (_, at) =>
            squares.subarray(at * BLOCK, (at + 1) * BLOCK),
          );
          expect([...least]).toEqual(blocks.map((block) => Math.min(...block)));
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe('the isolation forest', () => {
  it('has the path lengths of the paper', () => {
    expect(meanPathLength(1)).toBe(0);
    expect(meanPathLength(2)).toBe(1);
    // 2 H(255) - 2 * 255 / 256, with the harmonic number summed.
    let harmonic = 0;
    for (let i = 1; i <= 255; i++) harmonic += 1 / i;
    expect(meanPathLength(256)).toBeCloseTo(2 * harmonic - (2 * 255) / 256, 2);
  });

  it('scores rows that cannot be told apart 0.5, whatever their number', () => {
    for (const count of [1, 2, 300]) {
      const same = matrixOf(Array.from({ length: count }, () => [3, 3]));
      expect(scoreIsolation(growIsolationForest(same, { seed: 1 }), same)[0]).toBeCloseTo(count === 1 ? 1 : 0.5, 12);
    }
  });

  it('puts what is far from all others first, and a column that never varies changes nothing of it', () => {
    const rows = [...normalRows(500, 3, 1), [9, -9, 9]].map((row) => [...row, 5]);
    const data = matrixOf(rows);
    const scores = scoreIsolation(growIsolationForest(data, { seed: 2 }), data);
    expect(indexOfMax(scores)).toBe(500);
    expect(scores[500]).toBeGreaterThan(0.7);
    expect(scoreIsolation(growIsolationForest(data, { seed: 2 }), data)).toEqual(scores);
  });

  it('scores a row with missing values as one with the medians', () => {
    const forest = growIsolationForest(matrixOf(normalRows(300, 2, 1)), { seed: 1 });
    const medians = [...forest.scale.medians];
    const [missing, median] = scoreIsolation(forest, matrixOf([[Number.NaN, Number.NaN], medians]));
    expect(missing).toBe(median);
  });
});

describe('the local outlier factor', () => {
  it('is the same after it was kept without its index', () => {
    const rows = matrixOf(normalRows(100, 3, 5));
    const { index: _, ...kept } = learnDensities(rows, { seed: 1 });
    const again = indexDensities(structuredClone(kept));
    expect(scoreOutliers(again, rows)).toEqual(scoreOutliers(learnDensities(rows, { seed: 1 }), rows));
  });

  it('tells what lies apart where most rows are equal to others', () => {
    const random = new Random(2);
    const equal = Array.from({ length: 400 }, (_, at) => [at % 3, (at % 5) * 2]);
    const near = Array.from({ length: 100 }, () => [random.integer(3) + 0.1 * random.normal(), 2 * random.integer(5)]);
    const learned = learnDensities(matrixOf([...equal, ...near]), { seed: 1 });
    const [beside, apart] = scoreOutliers(
      learned,
      matrixOf([
        [1.05, 4],
        [1, 15],
      ]),
    );
    expect(apart!).toBeGreaterThan(3 * beside!);
    expect(beside!).toBeLessThan(3);
  });

  it('is what scikit-learn documents for its example, up to the scale that it does not depend on', () => {
    // LocalOutlierFactor(n_neighbors=2) over [[-1.1], [0.2], [101.1], [0.3]], each row without itself.
    const rows = [[-1.1], [0.2], [101.1], [0.3]];
    const { densities } = learnDensities(matrixOf(rows), { seed: 0, k: 2 });
    const factor = (row: number) => {
      const others = [0, 1, 2, 3].filter((each) => each !== row);
      const near = others.sort(
        (a, b) => Math.abs(rows[a]![0]! - rows[row]![0]!) - Math.abs(rows[b]![0]! - rows[row]![0]!),
      );
      return (densities[near[0]!]! + densities[near[1]!]!) / 2 / densities[row]!;
    };
    [0.9821, 1.037, 73.3697, 0.9821].forEach((expected, row) => {
      expect(factor(row)).toBeCloseTo(expected, 4);
    });
  });

  it('is the definition, computed by looking at every pair', () => {
    const rows = normalRows(80, 3, 4);
    const k = 5;
    const model = learnDensities(matrixOf(rows), { seed: 0, k });
    const scaled = Array.from({ length: 80 }, (_, row) => [...rowOf(standardise(matrixOf(rows), model.scale), row)]);
    const distance = (a: number[], b: number[]) => Math.hypot(...a.map((value, at) => value - b[at]!));
    const nearest = (point: number[], except: number) =>
      scaled
        .map((other, row) => ({ row, distance: distance(point, other) }))
        .filter(({ row }) => row !== except)
        .sort((a, b) => a.distance - b.distance)
        .slice(0, k);
    const kDistance = scaled.map((point, row) => nearest(point, row).at(-1)!.distance);
    const density = (point: number[], except: number) =>
      k / nearest(point, except).reduce((sum, near) => sum + Math.max(kDistance[near.row]!, near.distance), 0);
    const densities = scaled.map((point, row) => density(point, row));
    const queries = normalRows(20, 3, 5);
    const scores = scoreOutliers(model, matrixOf(queries));
    queries.forEach((query, at) => {
      const point = [...standardise(matrixOf([query]), model.scale).values];
      const around = nearest(point, -1).reduce((sum, near) => sum + densities[near.row]!, 0) / k;
      expect(scores[at]).toBeCloseTo(around / density(point, -1), 6);
    });
  });

  it.each([[1], [2], [25]])('stays finite over %i equal rows', (count) => {
    const model = learnDensities(matrixOf(Array.from({ length: count }, () => [1, 1])), { seed: 0 });
    const [same, other] = scoreOutliers(
      model,
      matrixOf([
        [1, 1],
        [2, 1],
      ]),
    );
    expect(Number.isFinite(same)).toBe(true);
    expect(other).toBeGreaterThan(same!);
  });
});

describe('the autoencoder', () => {
  it('learns by gradients that finite differences confirm', () => {
    const network = makeNetwork([3, 4, 2, 3], new Random(3));
    const input = Float64Array.of(0.3, -1.2, 0.8);
    const activations = roomForActivations(network);
    const loss = () => {
      activations[0]!.set(input);
      forward(network, activations);
      return activations.at(-1)!.reduce((sum, given, at) => sum + (given - input[at]!) ** 2 / 2, 0);
    };
    loss();
    const deltas = roomForActivations(network);
    activations.at(-1)!.forEach((given, at) => {
      deltas.at(-1)![at] = given - input[at]!;
    });
    const gradients = new Float64Array(network.parameters.length);
    backward(network, activations, deltas, gradients);
    network.parameters.forEach((parameter, at) => {
      network.parameters[at] = parameter + 1e-6;
      const above = loss();
      network.parameters[at] = parameter - 1e-6;
      const slope = (above - loss()) / 2e-6;
      network.parameters[at] = parameter;
      expect(gradients[at]).toBeCloseTo(slope, 6);
    });
  });

  it('gives back what belongs together, and names the columns that do not', () => {
    const random = new Random(5);
    const rows = Array.from({ length: 400 }, () => {
      const [a, b] = [random.normal(), random.normal()];
      return [a, b, a + b, a - b, 2 * a];
    });
    const model = trainAutoencoder(matrixOf(rows), { seed: 1 });
    const [ordinary, odd] = [
      [1, 0.5, 1.5, 0.5, 2],
      [1, 0.5, -1.5, 0.5, 2],
    ];
    const [low, high] = scoreReconstruction(model, matrixOf([ordinary!, odd!]));
    expect(high).toBeGreaterThan(5 * low!);
    // What was changed goes through the narrow layer too, so a column it belongs with may be given back worse still.
    const errors = reconstructionErrors(model, matrixOf([odd!])).values;
    const worst = [0, 1, 2, 3, 4].sort((a, b) => errors[b]! - errors[a]!).slice(0, 2);
    expect(worst).toContain(2);
    expect(trainAutoencoder(matrixOf(rows), { seed: 1 }).network.parameters).toEqual(model.network.parameters);
  });

  it('scores by what the errors of columns do not have in common', () => {
    const random = new Random(6);
    // Of four causes, one more than the narrow layer has room for: what it leaves out shows in several columns together.
    const mixed = [
      [1, 0, 0, 0],
      [1, 1, 0, 0],
      [0, 1, 1, 0],
      [0, 0, 1, 1],
      [1, 0, 0, 1],
      [0, 1, 0, 1],
    ];
    const make = (odd: boolean) => {
      const causes = () => Array.from({ length: 4 }, () => random.normal());
      const [whole, other] = [causes(), causes()];
      return mixed.map((shares, column) => {
        const own = odd && column % 2 === 0 ? other : whole;
        return shares.reduce((sum, share, at) => sum + share * own[at]!, 0.3 * random.normal());
      });
    };
    const train = matrixOf(Array.from({ length: 1000 }, () => make(false)));
    const { whitening, ...plain } = trainAutoencoder(train, { seed: 1, whitened: true });
    const asked = matrixOf(Array.from({ length: 600 }, (_, at) => make(at < 300)));
    const found = (model: Autoencoder) => {
      const scores = scoreReconstruction(model, asked);
      const limit = scores.slice(300).sort()[285]!;
      return scores.slice(0, 300).filter((score) => score > limit).length / 300;
    };
    expect(found({ ...plain, whitening })).toBeGreaterThan(found(plain));
  });
});

describe('whitening', () => {
  it("gives Mahalanobis' distance by correlations drawn a tenth towards none, of few rows further", () => {
    const random = new Random(2);
    const rows = Array.from({ length: 20_000 }, () => {
      const [a, b] = [random.normal(), random.normal()];
      return [a, 0.9 * a + Math.sqrt(1 - 0.81) * b];
    });
    const distance = (whitening: Float64Array, row: number[]) => {
      const white = new Float64Array(2);
      whiten(whitening, Float64Array.from(row), white);
      return white[0]! ** 2 + white[1]! ** 2;
    };
    const many = learnWhitening(matrixOf(rows))!;
    const drawn = 0.9 * 0.9;
    expect(distance(many, [1, 1])).toBeCloseTo(2 / (1 + drawn), 1);
    expect(distance(many, [1, -1])).toBeCloseTo(2 / (1 - drawn), 0);
    const chance = learnWhitening(matrixOf(Array.from({ length: 6 }, () => [random.normal(), random.normal()])))!;
    expect(distance(chance, [1, -1])).toBeLessThan(4);
    expect(learnWhitening({ rows: 2, columns: 600, values: new Float64Array(1200) })).toBeUndefined();
  });
});
