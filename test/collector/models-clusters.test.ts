import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findClusters, NOISE } from '../../collector/src/detect/models/dbscan.ts';
import { DistanceTable } from '../../collector/src/detect/models/distance-table.ts';

const points = fc.array(fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 12 })), { maxLength: 60 });
const parameters = fc.record({ eps: fc.constantFrom(0.5, 1, 1.5, 2.3), minPoints: fc.integer({ min: 1, max: 6 }) });

function cluster(rows: readonly (readonly [number, number])[], options: { eps: number; minPoints: number }) {
  return [...findClusters({ rows: rows.length, columns: 2, values: Float64Array.from(rows.flat()) }, options)];
}

describe('a table of distances', () => {
  it('knows the k-th nearest and all within a distance, as they are reckoned one by one', () => {
    fc.assert(
      fc.property(points, fc.integer({ min: 1, max: 6 }), fc.nat(9), (rows, k, radius) => {
        const table = new DistanceTable({ rows: rows.length, columns: 2, values: Float64Array.from(rows.flat()) });
        rows.forEach((a, row) => {
          const squares = rows.map((b) => (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2);
          const others = squares.toSpliced(row, 1).sort((x, y) => x - y);
          expect(table.squareOfNearest(row, k)).toBe(others[Math.min(k, others.length) - 1] ?? 0);
          const within = squares.flatMap((square, at) => (square <= radius ** 2 ? [at] : []));
          expect(table.within(row, radius ** 2)).toEqual(within);
        });
      }),
    );
  });
});

describe('DBSCAN', () => {
  it('is the definition: cores within reach of each other share a cluster, others belong to a core they reach, or to none', () => {
    fc.assert(
      fc.property(points, parameters, (rows, { eps, minPoints }) => {
        const labels = cluster(rows, { eps, minPoints });
        const near = rows.map((a) =>
          rows.flatMap((b, at) => (Math.hypot(a[0] - b[0], a[1] - b[1]) <= eps ? [at] : [])),
        );
        const core = near.map((around) => around.length >= minPoints);
        rows.forEach((_, row) => {
          const cores = near[row]!.filter((other) => core[other]);
          if (core[row]) for (const other of cores) expect(labels[other]).toBe(labels[row]);
          else if (cores.length === 0) expect(labels[row]).toBe(NOISE);
          else expect(cores.map((other) => labels[other])).toContain(labels[row]);
        });
        // No cluster holds cores that no chain of cores joins.
        const joined = joinCores(near, core);
        rows.forEach((_, a) => {
          for (let b = 0; b < a; b++)
            if (core[a] && core[b] && labels[a] === labels[b]) expect(joined(a)).toBe(joined(b));
        });
      }),
    );
  });

  it('numbers clusters by their first row', () => {
    const rows = [
      [9, 9],
      [0, 0],
      [9, 8],
      [0, 1],
      [5, 5],
    ] as [number, number][];
    expect(cluster(rows, { eps: 1, minPoints: 2 })).toEqual([0, 1, 0, 1, NOISE]);
    expect(cluster([], { eps: 1, minPoints: 2 })).toEqual([]);
  });
});

function joinCores(near: number[][], core: boolean[]): (row: number) => number {
  const parent = near.map((_, row) => row);
  const root = (row: number): number => (parent[row] === row ? row : root(parent[row]!));
  near.forEach((around, row) => {
    for (const other of around) if (core[row] && core[other]) parent[root(row)] = root(other);
  });
  return root;
}
